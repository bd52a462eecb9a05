"""What does not exist cannot be stored, also when no form stands before it. Invariant 4."""

import pytest
from django.db import IntegrityError, transaction

from preferences.models import DevicePreference, Preference
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("field", "value", "constraint"),
    [
        ("mode", "sepia", "preference_mode_exists"),
        ("light_theme", "ink", "preference_light_exists"),
        ("dark_theme", "paper", "preference_dark_exists"),
        ("motion", "wild", "preference_motion_exists"),
        ("clock", "13", "preference_clock_exists"),
        ("week_start", 8, "preference_week_start_exists"),
    ],
)
def test_a_preference_that_does_not_exist(field, value, constraint, alice):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(savepoint=True):
        Preference.objects.create(user=alice, **{field: value})


def test_a_device_keeps_no_mode_that_does_not_exist(alice):
    device = factories.device(user=alice)

    with pytest.raises(IntegrityError, match="device_preference_mode_exists"), transaction.atomic(savepoint=True):
        DevicePreference.objects.create(device=device, mode="sepia")


def test_a_person_has_one_row(alice):
    Preference.objects.create(user=alice)

    with pytest.raises(IntegrityError), transaction.atomic(savepoint=True):
        Preference.objects.create(user=alice)
