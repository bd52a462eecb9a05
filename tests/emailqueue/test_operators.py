"""What operators do to mail in the admin: each act asks why, works or says why not, and is written down."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from emailqueue import delivery
from emailqueue.models import Email, EmailEvent, EmailRecipient, Suppression
from emailqueue.services import operators
from tests import factories
from tests.emailqueue.conftest import BOB, acts, at_the_desk, do, page_of, queued

pytestmark = pytest.mark.django_db(transaction=True)

State = Email.State


def staff(*rights):
    person = factories.user(name="sam", staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return at_the_desk(person)


def fates(email):
    return dict(email.recipients.values_list("address", "state"))


# --- Cancel ---------------------------------------------------------------------------------------------------------


def test_a_mail_that_waits_can_be_cancelled_and_does_not_go_out(desk, sink):
    email = queued(BOB)

    response = do(desk, email, "cancel")

    delivery.deliver_due(bulk=True)
    email.refresh_from_db()
    assert "It is cancelled." in response.content.decode()
    assert (email.state, fates(email), sink.taken) == (State.CANCELLED, {BOB: "cancelled"}, [])
    assert acts() == [("cancel", "olga@example.org", "asked by phone", "")]
    assert EmailEvent.objects.get(kind="cancelled").detail == "by Olga: asked by phone"


@pytest.mark.parametrize("state", ["sent", "delivered", "bounced", "complained"])
def test_what_somebody_got_is_not_called_cancelled(desk, state):
    email = queued(BOB, "grey@example.org")
    EmailRecipient.objects.filter(address=BOB).update(state=state)

    do(desk, email, "cancel")

    email.refresh_from_db()
    assert email.state == State.SENT
    assert fates(email) == {BOB: state, "grey@example.org": "cancelled"}


def test_what_is_over_or_under_way_cannot_be_cancelled(desk, sink):
    over = queued(BOB)
    delivery.deliver_due(bulk=True)
    under_way = queued(BOB)
    delivery.rows.claim(bulk=False, limit=1)

    answers = [do(desk, each, "cancel").content.decode() for each in (over, under_way)]

    assert "This mail is sent: only one that waits can be cancelled." in answers[0]
    assert "This mail is sending: only one that waits can be cancelled." in answers[1]
    assert acts() == []


# --- Send again -----------------------------------------------------------------------------------------------------


def test_a_mail_that_failed_is_sent_again_under_a_name_of_its_own(desk, sink):
    sink.answers = {BOB: ["550 5.7.1 Looks like spam"]}
    email = queued(BOB)
    delivery.deliver_due(bulk=True)

    response = do(desk, email, "resend", "the filter was mended")

    delivery.deliver_due(bulk=True)
    again = Email.objects.get()
    assert "It is in line again." in response.content.decode()
    assert (again.state, fates(again)) == (State.SENT, {BOB: "sent"})
    assert sink.taken[0].message_id == again.message_id != email.message_id
    assert acts() == [("resend", "olga@example.org", "the filter was mended", "")]


def test_what_is_on_its_way_is_not_sent_beside_itself(desk):
    response = do(desk, queued(BOB), "resend")

    assert "This mail is queued: it is on its way." in response.content.decode()
    assert acts() == []


def test_what_expired_is_not_sent_again_and_stays_kept_back(desk, sink):
    email = queued(BOB, text="the code is 1234", expires_at=timezone.now() + timedelta(minutes=3))
    Email.objects.update(expires_at=timezone.now())
    delivery.deliver_due(bulk=True)

    response = do(desk, email, "resend")

    email.refresh_from_db()
    assert "has to be asked for anew" in response.content.decode()
    assert email.state == State.EXPIRED
    preview = desk.get(reverse("admin:emailqueue_email_preview", args=[email.pk]))
    assert "1234" not in preview.content.decode()


def test_a_mail_whose_content_is_gone_cannot_be_sent_again(desk, sink):
    email = queued(BOB)
    delivery.deliver_due(bulk=True)
    Email.objects.update(purged_at=timezone.now(), text="", html="")

    response = do(desk, email, "resend")

    assert "content of this mail was deleted" in response.content.decode()
    assert len(sink.taken) == 1


def test_sent_again_it_still_passes_over_who_must_not_be_written_to(desk, sink):
    email = queued(BOB, "alice@example.org")
    delivery.deliver_due(bulk=True)
    Suppression.objects.create(address=BOB, reason="complaint")

    do(desk, email, "resend")

    delivery.deliver_due(bulk=True)
    assert [taken.recipients for taken in sink.taken] == [[BOB, "alice@example.org"], ["alice@example.org"]]


def test_of_several_recipients_one_alone_can_get_it_again(olga, sink):
    email = queued(BOB, "alice@example.org")
    delivery.deliver_due(bulk=True)

    operators.resend(email_id=email.pk, by=olga, reason="lost", only="alice@example.org")

    delivery.deliver_due(bulk=True)
    assert [taken.recipients for taken in sink.taken] == [[BOB, "alice@example.org"], ["alice@example.org"]]
    assert fates(email) == {BOB: "sent", "alice@example.org": "sent"}


def test_a_mail_all_of_whose_recipients_were_cancelled_has_nobody_to_go_to(olga, desk):
    email = queued(BOB)
    do(desk, email, "cancel")

    response = do(desk, email, "resend")

    assert "nobody left" in response.content.decode()


# --- Rights and wrong input -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ["cancel", "resend", "release"])
def test_an_act_asks_why_and_does_nothing_without_an_answer(desk, act):
    email = queued(BOB)

    asked = desk.get(page_of(email, act))
    silent = do(desk, email, act, reason="  ")

    email.refresh_from_db()
    assert asked.status_code == silent.status_code == 200
    assert "required" in silent.content.decode()
    assert (email.state, acts()) == (State.QUEUED, [])


def test_an_act_that_is_none_or_on_a_mail_that_is_none_is_not_found(desk):
    email = queued(BOB)

    answers = [desk.post(page_of(email, "burn"), {"reason": "x"})]
    answers += [desk.get(reverse("admin:emailqueue_email_act", args=[number, "cancel"])) for number in (7, 2**70)]

    assert {answer.status_code for answer in answers} == {404}


@pytest.mark.parametrize("act", ["cancel", "resend", "release"])
def test_who_may_only_look_is_told_so_and_changes_nothing(act):
    sam = staff("view_email")
    email = queued(BOB)

    answers = [sam.get(page_of(email, act)), sam.post(page_of(email, act), {"reason": "x"})]

    email.refresh_from_db()
    assert [answer.status_code for answer in answers] == [403, 403]
    assert (email.state, acts()) == (State.QUEUED, [])
    assert "by-hand" not in sam.get(reverse("admin:emailqueue_email_change", args=[email.pk])).content.decode()


def test_who_may_not_look_cannot_tell_whether_there_is_a_mail():
    sam = staff("view_suppression")
    there, nowhere = queued(BOB).pk, 2**40

    answers = [
        sam.get(reverse(name, args=[number, *more]))
        for number in (there, nowhere)
        for name, more in (("admin:emailqueue_email_preview", []), ("admin:emailqueue_email_act", ["cancel"]))
    ]

    assert {answer.status_code for answer in answers} == {404}


def test_who_may_only_look_at_the_list_adds_nothing_and_takes_nothing_off():
    sam = staff("view_suppression")
    row = Suppression.objects.create(address=BOB, reason="bounce")

    added = sam.post(reverse("admin:emailqueue_suppression_by_hand"), {"address": BOB, "days": "0", "reason": "x"})
    sam.post(
        reverse("admin:emailqueue_suppression_changelist"), {"action": "take_off", "_selected_action": [str(row.pk)]}
    )

    assert added.status_code == 403
    assert Suppression.objects.filter(pk=row.pk).exists()
    assert acts() == []


def test_a_member_finds_no_admin_of_mail():
    alice = at_the_desk(factories.user(name="alice"))
    email = queued(BOB)

    answers = [
        alice.get(page_of(email, "cancel")),
        alice.get(reverse("admin:emailqueue_email_changelist")),
        alice.get(reverse("admin:emailqueue_suppression_by_hand")),
    ]

    assert {answer.status_code for answer in answers} <= {302, 403, 404}
    assert not any(BOB in answer.content.decode() for answer in answers)


@pytest.mark.parametrize("name", ["email", "suppression", "optout", "mailact", "emailevent"])
def test_ledgers_have_no_add_change_or_delete(desk, name):
    email = queued(BOB)
    operators.suppress(address=BOB, by=None, reason="x")

    shown = desk.get(reverse(f"admin:emailqueue_{name}_changelist"))
    added = desk.post(reverse(f"admin:emailqueue_{name}_add"), {})
    deleted = desk.post(reverse("admin:emailqueue_email_delete", args=[email.pk]), {"post": "yes"})

    assert shown.status_code == 200
    assert (added.status_code, deleted.status_code) == (403, 403)


@pytest.mark.parametrize(
    "typed",
    [BOB, "BOB@Example.org", "the-key", "{message_id}", "<{message_id}>", "Q0000001"],
)
def test_a_mail_is_found_by_person_key_and_ids(desk, sink, typed):
    email = queued(BOB, key="the-key", subject="The one")
    queued("alice@example.org", subject="Another")
    delivery.deliver_due(bulk=True, limit=1)

    response = desk.get(reverse("admin:emailqueue_email_changelist"), {"q": typed.format(message_id=email.message_id)})

    assert [row.pk for row in response.context["cl"].queryset] == [email.pk]


@pytest.mark.parametrize("typed", ["nobody", "%", "example.org", "a\0b", "x" * 5000, "bob@", "@"])
def test_what_finds_nothing_finds_nothing(desk, typed):
    queued(BOB)

    response = desk.get(reverse("admin:emailqueue_email_changelist"), {"q": typed})

    assert response.status_code in (200, 302, 400)
    assert "bob@example.org" not in response.content.decode().partition("result_list")[2]


def test_the_story_of_a_mail_is_on_its_page_and_escaped(desk, sink):
    sink.answers = {BOB: ["451 4.7.1 <b>Later</b>"]}
    email = queued(BOB, subject="<i>Hello</i>")
    delivery.deliver_due(bulk=True)

    page = desk.get(reverse("admin:emailqueue_email_change", args=[email.pk])).content.decode()

    assert "451 4.7.1 &lt;b&gt;Later&lt;/b&gt;" in page
    assert "deferred" in page
    assert "<i>Hello</i>" not in page
