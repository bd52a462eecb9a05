"""What cannot be stored, also when no service stands before it."""

import pytest
from django.db import IntegrityError, transaction

from featureflags.models import EvaluationCount, Flag, FlagChange, Segment, Stamp
from tests.featureflags.conftest import ON_OFF, make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"key": "New Home"}, "flag_key_is_plain"),
        ({"type": "colour"}, "flag_type_exists"),
        ({"off": "gone"}, "flag_off_is_a_variant"),
        ({"default": "gone"}, "flag_default_is_a_variant"),
    ],
)
def test_a_flag_that_cannot_be_stored(fields, constraint, db):
    row = {"key": "k", "variants": ON_OFF, "off": "off", "default": "on", "salt": "k"} | fields

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(savepoint=True):
        Flag.objects.create(**row)


def test_a_key_is_unique(db):
    make()

    with pytest.raises(IntegrityError), transaction.atomic(savepoint=True):
        Flag.objects.create(key="new_home", variants=ON_OFF, off="off", default="on", salt="k")


def test_there_is_one_stamp(db):
    with pytest.raises(IntegrityError, match="stamp_is_one_row"), transaction.atomic(savepoint=True):
        Stamp.objects.create(id=2)


def test_a_segment_key_is_plain(db):
    with pytest.raises(IntegrityError, match="segment_key_is_plain"), transaction.atomic(savepoint=True):
        Segment.objects.create(key="Keepers!")


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [({"flag": None}, "flag_change_is_about_one_thing"), ({"why": ""}, "flag_change_says_why")],
)
def test_a_change_that_cannot_be_stored(fields, constraint, db):
    row = {"flag": make(), "act": "changed", "after": {}, "diff": [], "why": "a test"} | fields

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic(savepoint=True):
        FlagChange.objects.create(**row)


def test_an_hour_has_one_count_a_variant(db):
    flag = make()
    row = {"flag": flag, "variant": "on", "at": flag.created_at, "count": 1}
    EvaluationCount.objects.create(**row)

    with pytest.raises(IntegrityError, match="one_row_an_hour"), transaction.atomic(savepoint=True):
        EvaluationCount.objects.create(**row)
