"""What the Operations page says of sessions, and how operators find, sift and act in the books."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from lib import operations
from sessions_app import services
from sessions_app.clients import Client
from sessions_app.models import SecurityEvent, Session
from tests import factories
from tests.sessions_app.conftest import sign_in
from tests.sessions_app.test_admin import act

SECRET = "correct horse battery staple 7"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def olga(db):
    return factories.user(name="olga", superuser=True)


def figures():
    panel = next(panel for panel in operations.read_all() if panel.slug == "sessions_app")
    return {figure.label: figure for figure in panel.figures}


def test_the_panel_counts_sessions_sign_ins_failures_and_ends(alice):
    sign_in(alice)
    gone = factories.session(user=alice, token="gone")
    services.end_session(session_id=gone.pk, by=alice, reason=Session.Reason.PERSON)
    services.record_failed_sign_in(email="x@example.org", client=Client(None, ""))
    old = factories.security_event(user=alice)
    SecurityEvent.objects.filter(pk=old.pk).update(at=timezone.now() - timedelta(days=2))

    found = figures()

    assert found["Active sessions"].value == 1
    assert found["Signed in, in a day"].value == 1
    assert found["Signed in, in a day"].series.values[-1] == 1
    assert found["Failed sign-ins, in a day"].value == 1
    assert found["Ended, ended on the devices page"].value == 1


def test_the_panel_says_when_nothing_is_cleared(alice):
    factories.session(user=alice, token="old", created_at=timezone.now() - timedelta(hours=7))

    late = figures()["Oldest to clear"]
    services.clear_expired()
    done = figures()["Oldest to clear"]

    assert (late.state, round(late.value / 3600)) == ("wait", 5)
    assert (done.state, done.value) == ("ok", 0)


def test_the_panel_asks_the_same_number_of_queries_whatever_there_is(alice, django_assert_num_queries):
    panel = operations._panels["sessions_app"][1]
    for number in range(5):
        factories.session(user=alice, token=f"t{number}")
        factories.security_event(user=alice)

    with django_assert_num_queries(5):
        panel()


@pytest.mark.parametrize("page", ["home", "admin:operations"])
def test_a_page_asks_the_same_number_of_queries_whatever_lies_behind_it(page, olga, django_assert_max_num_queries):
    client = sign_in(olga)
    client.get(reverse(page))
    with django_assert_max_num_queries(50) as before:
        client.get(reverse(page))
    few = len(before)
    for number in range(8):
        factories.session(user=olga, token=f"t{number}")
        factories.security_event(user=olga)

    with django_assert_max_num_queries(few):
        client.get(reverse(page))


BOOKS = ("user", "session", "device", "securityevent", "apitoken")


@pytest.mark.parametrize("book", BOOKS)
@pytest.mark.parametrize("words", ["alice@example.org", "nobody", "127.0.0.1", "x" * 400, "\udc80"])
def test_a_book_can_be_searched_for_anything(book, words, olga, alice):
    sign_in(alice)

    answer = sign_in(olga).get(
        reverse(f"admin:sessions_app_{book}_changelist"), {"q": words.encode("utf-8", "replace")}
    )

    assert answer.status_code == 200


@pytest.mark.parametrize(("words", "found"), [("alice@example.org", 1), ("alice", 0), ("192.0.2.1", 0)])
def test_a_session_is_found_by_the_whole_address_of_its_person(words, found, olga, alice):
    factories.session(user=alice, token="hers")

    page = sign_in(olga).get(reverse("admin:sessions_app_session_changelist"), {"q": words})

    assert page.context["cl"].result_count == found


def test_ended_sessions_are_sifted_by_their_reason(olga, alice):
    row = factories.session(user=alice, token="hers")
    services.end_session(session_id=row.pk, by=alice, reason=Session.Reason.PERSON)

    page = sign_in(olga).get(reverse("admin:sessions_app_session_changelist"), {"revoked_because__exact": "person"})

    assert [each.pk for each in page.context["cl"].result_list] == [row.pk]


def test_an_operator_revokes_a_token_once(olga, alice):
    token = factories.api_token(user=alice)
    client = sign_in(olga)

    first, second = (act(client, "apitoken", "revoke", token).content.decode() for _ in range(2))

    token.refresh_from_db()
    assert token.revoked_at
    assert "1 revoked, 0 skipped." in first
    assert "0 revoked, 1 skipped." in second


def test_a_password_that_an_operator_sends_twice_is_set_once(olga, alice):
    client = sign_in(olga)
    address = reverse("admin:auth_user_password_change", args=[alice.pk])
    key = re.search(r'name="idempotency_key" value="([^"]+)"', client.get(address).content.decode())[1]
    fields = {"usable_password": "true", "password1": SECRET, "password2": SECRET, "idempotency_key": key}

    answers = [client.post(address, fields) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert LogEntry.objects.filter(object_id=str(alice.pk)).count() == 1
