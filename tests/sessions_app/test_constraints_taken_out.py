"""Each constraint of people and preferences matters: with it the bad row is refused, without it the row gets in."""

from datetime import timedelta

import pytest
from django.utils import timezone

from preferences.models import DevicePreference, Preference
from sessions_app.models import ApiToken, SecurityEvent, Session, User
from tests import factories
from tests.constraints import assert_refused, constraints_of, take_out, take_out_unique

pytestmark = pytest.mark.django_db


def user_twice():
    factories.user(name="alice")
    User.objects.create(email="ALICE@example.org")


def device_twice():
    alice = factories.user()
    factories.device(user=alice)
    factories.device(user=alice)


def late_idle_limit():
    factories.session(user=None, token="late", idle=timedelta(hours=2), absolute=timedelta(hours=1))


def changed_session(**fields):
    row = factories.session(user=None, token="row")
    Session.objects.filter(pk=row.pk).update(**fields)


def link_twice():
    for _ in range(2):
        SecurityEvent.objects.create(kind=SecurityEvent.Kind.DISOWNED, subject_hash=b"l" * 32)


def token_for_anything():
    token = factories.api_token(user=factories.user())
    ApiToken.objects.filter(pk=token.pk).update(scopes=["admin"])


def preference(**fields):
    Preference.objects.create(user=factories.user(), **fields)


def device_mode():
    DevicePreference.objects.create(device=factories.device(user=factories.user()), mode="sepia")


BAD_ROWS = {
    "user_email_is_unique_in_any_case": user_twice,
    "device_is_known_once_to_a_person": device_twice,
    "session_idle_limit_within_absolute": late_idle_limit,
    "session_revoked_with_a_reason": lambda: changed_session(revoked_at=timezone.now()),
    "session_renewed_from_a_token_at_a_moment": lambda: changed_session(renewed_at=timezone.now()),
    "session_seed_belongs_to_a_renewal": lambda: changed_session(renewal_seed=b"seed"),
    "security_link_disowns_once": link_twice,
    "api_token_has_known_scopes": token_for_anything,
    "preference_mode_exists": lambda: preference(mode="sepia"),
    "preference_light_exists": lambda: preference(light_theme="ink"),
    "preference_dark_exists": lambda: preference(dark_theme="paper"),
    "preference_motion_exists": lambda: preference(motion="wild"),
    "preference_clock_exists": lambda: preference(clock="13"),
    "preference_week_start_exists": lambda: preference(week_start=8),
    "device_preference_mode_exists": device_mode,
}

CONSTRAINTS = constraints_of("sessions_app", "preferences")


def test_every_constraint_has_a_row_that_it_refuses():
    assert BAD_ROWS.keys() == CONSTRAINTS.keys()


@pytest.mark.parametrize("name", BAD_ROWS)
def test_with_the_constraint_the_row_is_refused(name):
    assert_refused(name, BAD_ROWS[name])


@pytest.mark.parametrize("name", BAD_ROWS)
def test_without_the_constraint_the_row_gets_in(name):
    take_out(CONSTRAINTS[name])

    BAD_ROWS[name]()


@pytest.mark.parametrize(("model", "field"), [(Session, "token_hash"), (ApiToken, "token_hash")])
def test_without_its_unique_field_a_token_would_be_known_twice(model, field):
    take_out_unique(model, field)
    alice = factories.user()

    for _ in range(2):
        if model is Session:
            factories.session(user=alice, token="same")
        else:
            factories.api_token(user=alice, plain="gh_same")

    assert model.objects.count() == 2
