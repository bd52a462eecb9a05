"""What is deleted when, and what the commands of mail do."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from emailqueue import delivery
from emailqueue.composition import File
from emailqueue.models import Attachment, Email, EmailEvent, EmailRecipient, MailAct, ProviderEvent, Suppression
from tests.emailqueue.conftest import BOB, queued

pytestmark = pytest.mark.django_db(transaction=True)

State = Email.State


@pytest.fixture
def keeps(settings):
    settings.EMAIL_KEEP_CONTENT_DAYS, settings.EMAIL_KEEP_STORY_DAYS = 30, 365


def run(*arguments):
    out, err = StringIO(), StringIO()
    call_command(*map(str, arguments), stdout=out, stderr=err)
    return out.getvalue().strip(), err.getvalue().strip()


def after(**span):
    return time_machine.travel(timezone.now() + timedelta(**span))


def sent(**mail):
    email = queued(BOB, **mail)
    delivery.deliver_due(bulk=True)
    return email


def test_what_a_mail_said_goes_first_and_the_mail_itself_much_later(sink, keeps):
    email = sent(files=[File("a.txt", "text/plain", b"x")], variables={"name": "Bob"})

    with after(days=29):
        early = run("purge_mail")
    with after(days=31):
        emptied = run("purge_mail")
        again = run("purge_mail")
    email.refresh_from_db()
    with after(days=366):
        deleted = run("purge_mail")

    assert [each[0] for each in (early, emptied, again, deleted)] == [
        "emptied=0 deleted=0",
        "emptied=1 deleted=0",
        "emptied=0 deleted=0",
        "emptied=0 deleted=1",
    ]
    assert (email.text, email.html, email.variables, email.subject) == ("", "", {}, "Hello")
    for model in (Email, Attachment, EmailRecipient, EmailEvent):
        assert not model.objects.exists()


def test_what_proved_who_somebody_is_goes_as_soon_as_it_expired(sink, keeps):
    email = sent(text="the code is 1234", expires_at=timezone.now() + timedelta(minutes=3))

    with after(minutes=4):
        run("purge_mail")

    email.refresh_from_db()
    assert (email.state, email.text) == (State.SENT, "")
    assert EmailEvent.objects.order_by("pk").last().kind == "purged"


def test_what_waits_is_never_purged(keeps):
    email = queued(BOB)

    with after(days=4000):
        out, _ = run("purge_mail")

    email.refresh_from_db()
    assert (out, email.text) == ("emptied=0 deleted=0", "Hello there.\n")


def test_what_was_held_for_a_week_is_given_up(sink, keeps):
    Suppression.objects.create(address=BOB, reason="bounce")
    email = sent()

    with after(days=6):
        run("purge_mail")
        email.refresh_from_db()
        assert email.state == State.HELD
    with after(days=8):
        run("purge_mail")

    email.refresh_from_db()
    assert (email.state, email.recipients.get().state) == (State.EXPIRED, "expired")


def test_an_act_outlives_its_mail_and_a_providers_report_does_not(sink, keeps):
    email = sent()
    MailAct.objects.create(kind="cancel", reason="x", email_id=email.pk)
    ProviderEvent.objects.create(provider="ses", event_id="1")

    with after(days=366):
        run("purge_mail")

    assert MailAct.objects.count() == 1
    assert not ProviderEvent.objects.exists()


def test_a_dry_run_counts_and_deletes_nothing_and_a_limit_is_kept(sink, keeps):
    for _ in range(3):
        sent()

    with after(days=31):
        counted = run("purge_mail", "--dry-run")
        before = Email.objects.filter(purged_at=None).count()
        limited = run("purge_mail", "--limit", 2)

    assert counted[0] == "contents=3 stories=0 emptied=0 deleted=0"
    assert before == 3
    assert limited[0] == "emptied=2 deleted=0"


# --- Requeue --------------------------------------------------------------------------------------------------------


def test_failed_mail_is_sent_again_by_command(sink):
    sink.answers = {BOB: ["550 5.7.1 Spam", "550 5.7.1 Spam"]}
    for _ in range(2):
        sent()

    dry = run("requeue_mail", "--failed", "--why", "filter mended", "--dry-run")
    done = run("requeue_mail", "--failed", "--why", "filter mended")
    again = run("requeue_mail", "--failed", "--why", "filter mended")

    delivery.deliver_due(bulk=True)
    assert [dry[0], done[0], again[0]] == ["found=2 requeued=0", "found=2 requeued=2", "found=0 requeued=0"]
    assert len(sink.taken) == 2
    assert set(MailAct.objects.values_list("kind", "reason", "by")) == {("resend", "filter mended", None)}


def test_deferred_mail_is_hastened_by_command(sink):
    sink.answers = {BOB: ["451 4.7.1 Later"]}
    email = sent()

    out, _ = run("requeue_mail", "--deferred")

    delivery.deliver_due(bulk=True)
    email.refresh_from_db()
    assert out == "found=1 requeued=1"
    assert (email.state, email.deferrals) == (State.SENT, 1)


def test_mails_are_named_by_number_and_who_is_on_its_way_is_told_and_left(sink):
    over = sent()
    waits = queued(BOB)

    out, err = run("requeue_mail", over.pk, waits.pk, 2**40, 2**70, "--why", "lost")

    assert out == "found=2 requeued=1"
    assert err == f"{waits.pk}: This mail is queued: it is on its way."


@pytest.mark.parametrize(
    "arguments",
    [
        ["requeue_mail"],
        ["requeue_mail", "--failed"],
        ["requeue_mail", "--failed", "--deferred", "--why", "x"],
        ["requeue_mail", "1", "--failed", "--why", "x"],
        ["requeue_mail", "--failed", "--why", "x" * 201],
        ["requeue_mail", "--failed", "--why", "   "],
        ["requeue_mail", "--deferred", "--limit", "0"],
        ["purge_mail", "--limit", "0"],
        ["purge_mail", "--limit", "x"],
        ["send_due_mail", "--limit", "0"],
        ["send_due_mail", "--seconds", "0"],
        ["import_bounces", "/no/such/folder"],
    ],
)
def test_wrong_use_is_said_in_one_line(arguments):
    with pytest.raises(CommandError) as error:
        call_command(*arguments)

    assert "\n" not in str(error.value)


def test_due_mail_is_sent_by_command(sink):
    queued(BOB)

    out, _ = run("send_due_mail")

    assert "sent=1" in out
    assert len(sink.taken) == 1
