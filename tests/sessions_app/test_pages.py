"""The pages about being signed in: each works, strangers get 404, the wrong method 405, a refusal is told plainly."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from sessions_app.models import ApiToken, SecurityEvent, Session
from tests import factories
from tests.sessions_app.conftest import CHROME, browser, is_signed_in, row_of, sign_in

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = ["sessions_app:devices", "sessions_app:security_log", "sessions_app:tokens"]
ACTS = [
    ("sessions_app:device_end", ["session_id"]),
    ("sessions_app:other_devices_end", []),
    ("sessions_app:all_devices_end", []),
    ("sessions_app:token_create", []),
    ("sessions_app:token_revoke", ["token_id"]),
]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_works_for_its_person(page, alice):
    assert sign_in(alice).get(reverse(page)).status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_a_page_sends_a_stranger_to_sign_in(page, db):
    response = browser().get(reverse(page))

    assert response.status_code == 302
    assert response["Location"] == f"{reverse('account_login')}?next={reverse(page)}"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_cannot_be_posted_to(page, alice):
    assert sign_in(alice).post(reverse(page)).status_code == 405


@pytest.mark.parametrize(("act", "arguments"), ACTS)
def test_an_act_cannot_be_done_by_get(act, arguments, alice):
    assert sign_in(alice).get(reverse(act, args=[1 for _ in arguments])).status_code == 405


@pytest.mark.parametrize(("act", "arguments"), ACTS)
def test_an_act_needs_a_recent_proof_of_who_it_is(act, arguments, alice):
    client = sign_in(alice, remember=True)

    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        response = client.post(reverse(act, args=[1 for _ in arguments]))

    assert response.status_code == 302
    assert reverse("account_reauthenticate") in response["Location"]


def test_devices_name_each_place_and_mark_this_one(alice):
    client = sign_in(alice)
    sign_in(alice, at=browser(CHROME))

    page = client.get(reverse("sessions_app:devices")).content.decode()

    assert "Firefox on Android" in page
    assert "Chrome on Linux" in page
    assert page.count("this device") == 1


def test_one_device_ends_another(alice):
    here, there = sign_in(alice), sign_in(alice, at=browser(CHROME))

    here.post(reverse("sessions_app:device_end", args=[row_of(there).pk]))

    assert is_signed_in(here)
    assert not is_signed_in(there)


def test_ending_this_device_is_a_sign_out(alice):
    client = sign_in(alice)

    response = client.post(reverse("sessions_app:device_end", args=[row_of(client).pk]))

    assert response["Location"] == reverse("account_login")
    assert not is_signed_in(client)


def test_somebody_elses_session_is_not_found_and_goes_on(alice, mallory):
    theirs, mine = sign_in(alice), sign_in(mallory)

    response = mine.post(reverse("sessions_app:device_end", args=[row_of(theirs).pk]))

    assert response.status_code == 404
    assert is_signed_in(theirs)


def test_all_others_end_and_this_one_stays(alice):
    here, *others = [sign_in(alice) for _ in range(3)]

    here.post(reverse("sessions_app:other_devices_end"))

    assert is_signed_in(here)
    assert not any(is_signed_in(client) for client in others)


def test_everywhere_means_here_too(alice):
    here, there = sign_in(alice), sign_in(alice)

    here.post(reverse("sessions_app:all_devices_end"))

    assert not is_signed_in(here)
    assert not is_signed_in(there)
    assert not Session.objects.active().exists()


def test_pages_ask_the_same_number_of_queries_whatever_they_list(alice, django_assert_num_queries):
    client = sign_in(alice)
    for page in PAGES:
        client.get(reverse(page))
    for number in range(8):
        factories.session(user=alice, token=f"more{number}")
        factories.security_event(user=alice)
        factories.api_token(user=alice, plain=f"gh_{number}")

    # The person with their session in one, the list in the other.
    for page in PAGES:
        with django_assert_num_queries(2):
            client.get(reverse(page))


def test_a_warm_session_costs_no_query_of_its_own(alice, django_assert_num_queries):
    client = sign_in(alice)
    client.get(reverse("home"))

    with django_assert_num_queries(1) as captured:
        client.get(reverse("preferences:settings"))

    assert "sessions_app_user" in captured[0]["sql"]


def test_the_log_pages_by_key_newest_first(alice):
    client = sign_in(alice)
    for number in range(35):
        factories.security_event(user=alice, note=f"line {number:02}")

    first = client.get(reverse("sessions_app:security_log"))
    second = client.get(reverse("sessions_app:security_log"), {"before": first.context["older"]})

    assert [event.note for event in first.context["events"]] == [f"line {n:02}" for n in range(34, 4, -1)]
    assert "line 04" in second.content.decode()
    assert second.context["older"] is None


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "١٢", "1\0", ""])
def test_a_nonsense_cursor_shows_the_newest_lines(before, alice):
    client = sign_in(alice)

    response = client.get(reverse("sessions_app:security_log"), {"before": before})

    assert response.status_code in (200, 400)


def test_nobody_reads_another_persons_log(alice, mallory):
    factories.security_event(user=alice, note="private to alice")

    page = sign_in(mallory).get(reverse("sessions_app:security_log")).content.decode()

    assert "private to alice" not in page


# --- Tokens -----------------------------------------------------------------------------------------------


def make_token(client, **fields):
    return client.post(
        reverse("sessions_app:token_create"),
        {"name": "printer", "scopes": ["read"], "expires_in_days": "30"} | fields,
    )


def test_a_token_is_shown_once_and_stored_hashed(alice):
    client = sign_in(alice)

    plain = make_token(client).context["plain"]

    assert plain.startswith("gh_")
    again = client.get(reverse("sessions_app:tokens")).content.decode()
    assert plain not in again
    assert plain[:9] in again
    assert plain not in str([vars(row) for row in ApiToken.objects.all()])


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["admin"]}, "scopes"),
        ({"expires_in_days": "36500"}, "expires_in_days"),
        ({"expires_in_days": "9" * 40}, "expires_in_days"),
    ],
)
def test_a_token_that_makes_no_sense_is_refused_by_field(fields, field, alice):
    response = make_token(sign_in(alice), **fields)

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not ApiToken.objects.exists()


def test_a_token_is_revoked_by_its_person_only(alice, mallory):
    token = factories.api_token(user=alice)

    stranger = sign_in(mallory).post(reverse("sessions_app:token_revoke", args=[token.pk]))
    owner = sign_in(alice).post(reverse("sessions_app:token_revoke", args=[token.pk]))

    token.refresh_from_db()
    assert (stranger.status_code, owner.status_code) == (404, 302)
    assert token.revoked_at
    assert SecurityEvent.objects.filter(kind=SecurityEvent.Kind.TOKEN_REVOKED).count() == 1
