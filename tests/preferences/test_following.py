"""What a signed-in person chooses, and how it follows them."""

import re

import pytest
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from preferences import services, themes
from preferences.models import DevicePreference, Preference
from preferences.themes import Cookie, Theme
from sessions_app.models import Device, User
from tests.preferences.conftest import CHOICE, CONTROL, PAGE, theme_at, version_at
from tests.races import Gate, held, race
from tests.sessions_app.conftest import browser, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_choice_is_kept_in_the_account(alice):
    response = sign_in(alice).post(PAGE, CHOICE)

    row = Preference.objects.get(user=alice)
    alice.refresh_from_db()
    assert response.status_code == 302
    assert row.theme == Theme("dark", "paper", "dimmed", "reduced")
    assert (row.clock, row.week_start, row.version, alice.time_zone) == ("12", 7, 1, "Europe/Lisbon")
    assert row.theme_chosen_at


def test_a_choice_follows_to_another_device_from_its_first_page_on(alice):
    sign_in(alice).post(PAGE, CHOICE)

    assert theme_at(sign_in(alice, at=browser())).mode == "dark"


def test_another_device_that_is_signed_in_already_follows_at_its_next_page(alice):
    here, there = sign_in(alice), sign_in(alice)
    before = theme_at(there)

    here.post(PAGE, CHOICE)

    assert (before.mode, theme_at(there).mode) == ("system", "dark")


def test_the_cookie_mirrors_the_account_for_pages_without_a_session(alice):
    client = sign_in(alice)
    client.post(PAGE, CHOICE)
    client.get("/")
    client.post(reverse("account_logout"))

    assert theme_at(client).mode == "dark"


def test_an_anonymous_choice_is_adopted_by_an_account_that_never_chose(alice):
    client = browser()
    client.post(CONTROL, {"mode": "dark"})

    sign_in(alice, at=client)

    assert theme_at(client).mode == "dark"
    assert Preference.objects.get(user=alice).mode == "dark"


def test_an_explicit_choice_of_the_account_beats_an_anonymous_one(alice):
    sign_in(alice).post(CONTROL, {"mode": "light"})
    client = browser()
    client.post(CONTROL, {"mode": "dark"})

    sign_in(alice, at=client)

    assert theme_at(client).mode == "light"
    assert themes.read_cookie(client.cookies[settings.THEME_COOKIE_NAME].value).theme.mode == "light"


def test_the_mirror_of_one_persons_choice_is_not_adopted_by_another(alice, mallory):
    client = sign_in(alice)
    client.post(CONTROL, {"mode": "dark"})
    client.post(reverse("account_logout"))

    sign_in(mallory, at=client)

    assert not Preference.objects.filter(user=mallory).exists()
    assert theme_at(client).mode == "system"


def test_one_device_may_keep_its_own_mode(alice):
    here, there = sign_in(alice), sign_in(alice)
    device = here.get(PAGE).context["form"]["device"].value()

    here.post(PAGE, CHOICE | {"mode": "light", "device": device, "device_mode": "dark"})

    assert (theme_at(here).mode, theme_at(there).mode) == ("dark", "light")


def test_the_control_changes_what_is_seen_here_when_this_device_keeps_its_own(alice):
    here, there = sign_in(alice), sign_in(alice)
    device = here.get(PAGE).context["form"]["device"].value()
    here.post(PAGE, CHOICE | {"mode": "dark", "device": device, "device_mode": "dark"})

    here.post(CONTROL, {"mode": "light", "version": version_at(here)})

    assert (theme_at(here).mode, theme_at(there).mode) == ("light", "dark")


def test_a_device_can_go_back_to_the_account(alice):
    client = sign_in(alice)
    device = client.get(PAGE).context["form"]["device"].value()
    client.post(PAGE, CHOICE | {"mode": "light", "device": device, "device_mode": "dark"})

    client.post(PAGE, CHOICE | {"mode": "light", "device": device, "device_mode": "", "version": "1"})

    assert theme_at(client).mode == "light"
    assert not DevicePreference.objects.exists()


def test_somebody_elses_device_is_refused(alice, mallory):
    sign_in(alice)
    device = Device.objects.get(user=alice)

    response = sign_in(mallory).post(PAGE, CHOICE | {"device": device.pk, "device_mode": "dark"})

    assert response.status_code == 400
    assert not DevicePreference.objects.exists()
    assert not Preference.objects.filter(user=mallory, version__gt=0).exists()


def test_a_form_that_another_one_overtook_shows_what_holds_now(alice):
    client = sign_in(alice)
    client.get(PAGE)

    with held(Gate(), lambda: client.post(PAGE, CHOICE | {"mode": "light"}), "session_version") as outcome:
        services.choose_mode(user_id=alice.pk, device_id=None, version=0, mode="dark")

    (response,) = outcome
    assert response.status_code == 409
    assert response.context["form"]["version"].value() == 1
    assert response.context["form"]["mode"].value() == "dark"


def test_the_control_on_the_answer_to_a_form_leads_to_a_page_that_exists(alice):
    client = sign_in(alice)
    page = client.post(reverse("sessions_app:token_create"), {"name": ""})
    back = re.search(r'name="next" value="([^"]*)"', page.content.decode())[1]

    response = client.post(CONTROL, {"mode": "dark", "next": back}, follow=True)

    assert response.status_code == 200


def test_a_stale_form_changes_nothing_and_says_so(alice):
    client = sign_in(alice)
    client.post(PAGE, CHOICE)

    response = client.post(PAGE, CHOICE | {"mode": "light", "version": "0"})

    assert response.status_code == 409
    assert "somewhere else" in response.content.decode()
    assert Preference.objects.get().mode == "dark"


def test_a_stale_control_changes_nothing_and_says_so(alice):
    client = sign_in(alice)
    client.post(PAGE, CHOICE)

    response = client.post(CONTROL, {"mode": "light", "version": "0"}, follow=True)

    assert "somewhere else" in response.content.decode()
    assert Preference.objects.get().mode == "dark"


def test_of_two_forms_at_once_one_wins_and_the_other_is_told(alice):
    def choose(mode):
        return lambda: services.choose_mode(user_id=alice.pk, device_id=None, version=0, mode=mode)

    results = race(choose("light"), choose("dark"))

    assert sum(isinstance(result, services.StaleChoice) for result in results) == 1
    (winner,) = [result for result in results if isinstance(result, Preference)]
    assert Preference.objects.get().mode == winner.mode


@pytest.mark.parametrize(
    "change",
    [
        lambda user_id: services.choose_mode(user_id=user_id, device_id=None, version=0, mode="dark"),
        lambda user_id: services.adopt_theme(user_id=user_id, theme=Theme("dark")),
        lambda user_id: services.change_preferences(
            user_id=user_id, version=0, device_id=None, device_mode=None, time_zone="", mode="dark"
        ),
    ],
)
def test_a_change_locks_the_person_before_their_preferences(change, alice):
    Preference.objects.create(user=alice)

    with (
        held(Gate(), lambda: change(alice.pk), 'UPDATE "preferences_preference"'),
        pytest.raises(OperationalError, match="could not obtain lock"),
        transaction.atomic(durable=True),
    ):
        User.objects.select_for_update(nowait=True, no_key=True).get(pk=alice.pk)

    assert Preference.objects.get(user=alice).mode == "dark"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mode", "sepia"),
        ("light_theme", "ink"),
        ("dark_theme", "paper"),
        ("motion", "wild"),
        ("clock", "13"),
        ("week_start", "8"),
        ("week_start", "9" * 30),
        ("time_zone", "Mars/Olympus"),
        ("version", "-1"),
        ("version", "9" * 30),
        ("version", "x"),
        ("device", "9" * 30),
        ("device_mode", "sepia"),
    ],
)
def test_a_choice_that_does_not_exist_is_refused_by_field(field, value, alice):
    response = sign_in(alice).post(PAGE, CHOICE | {field: value})

    assert response.status_code == 400
    assert field in response.context["form"].errors
    assert not Preference.objects.exists()


def test_an_empty_form_is_refused(alice):
    assert sign_in(alice).post(PAGE, {}).status_code == 400


@pytest.mark.parametrize(("path", "method"), [(PAGE, "put"), (PAGE, "delete"), (CONTROL, "get"), (CONTROL, "put")])
def test_the_wrong_method_is_refused(path, method, db):
    assert getattr(Client(), method)(path).status_code == 405


def test_a_page_needs_no_query_for_preferences_that_the_session_carries(alice, django_assert_num_queries):
    client = sign_in(alice)
    client.post(PAGE, CHOICE)
    client.get(PAGE)

    with django_assert_num_queries(1):
        client.get(PAGE)


def test_a_page_asks_once_for_preferences_that_changed_elsewhere(alice):
    here, there = sign_in(alice), sign_in(alice)
    there.get(PAGE)
    here.post(PAGE, CHOICE)

    with CaptureQueriesContext(connection) as first:
        there.get(PAGE)
    with CaptureQueriesContext(connection) as second:
        there.get(PAGE)

    asked = [sum('FROM "preferences_' in query["sql"] for query in captured) for captured in (first, second)]
    assert asked == [1, 0]


def test_times_are_shown_in_the_zone_and_clock_of_the_person(alice):
    client = sign_in(alice)
    client.post(PAGE, CHOICE | {"time_zone": "Asia/Tokyo"})

    page = client.get(reverse("sessions_app:security_log")).content.decode()

    assert "+09:00" in page


def test_the_browsers_zone_is_used_until_somebody_chooses(alice):
    client = sign_in(alice)
    client.cookies["zone"] = "America/Lima"
    page = client.get(reverse("sessions_app:security_log")).content.decode()
    client.cookies["zone"] = "../../etc/passwd"
    other = client.get(reverse("sessions_app:security_log"))

    assert "-05:00" in page
    assert other.status_code == 200


def test_a_cookie_says_who_chose():
    assert Cookie(themes.DEFAULT, themes.CHOSEN).was_chosen
    assert not Cookie(themes.DEFAULT, themes.MIRRORED).was_chosen
