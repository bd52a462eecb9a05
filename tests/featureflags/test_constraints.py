"""What cannot be stored, also when no service stands before it, and what gets in where a constraint is taken out."""

import pytest
from django.db import IntegrityError, transaction

from featureflags.models import EvaluationCount, Flag, FlagChange, Segment, Stamp
from tests.constraints import assert_refused, constraints_of, take_out, take_out_unique
from tests.featureflags.conftest import ON_OFF

pytestmark = pytest.mark.django_db


def flag(**fields):
    return Flag.objects.create(
        **({"key": "k", "variants": ON_OFF, "off": "off", "default": "on", "salt": "k"} | fields)
    )


def change(**fields):
    row = {"flag": flag(), "act": "changed", "after": {}, "diff": [], "why": "a test"} | fields
    FlagChange.objects.create(**row)


def two_counts_of_one_hour():
    counted = flag()
    for _ in range(2):
        EvaluationCount.objects.create(flag=counted, variant="on", at=counted.created_at, count=1)


BAD_ROWS = {
    "stamp_is_one_row": lambda: Stamp.objects.create(id=2),
    "flag_key_is_plain": lambda: flag(key="New Home"),
    "flag_type_exists": lambda: flag(type="colour"),
    "flag_off_is_a_variant": lambda: flag(off="gone"),
    "flag_default_is_a_variant": lambda: flag(default="gone"),
    "segment_key_is_plain": lambda: Segment.objects.create(key="Keepers!"),
    "flag_change_is_about_one_thing": lambda: change(flag=None),
    "flag_change_says_why": lambda: change(why=""),
    "evaluation_count_is_one_row_an_hour": two_counts_of_one_hour,
}
CONSTRAINTS = constraints_of("featureflags")


def test_every_constraint_has_a_row_that_it_refuses():
    assert BAD_ROWS.keys() == CONSTRAINTS.keys()


@pytest.mark.parametrize("name", BAD_ROWS)
def test_with_the_constraint_the_row_is_refused(name):
    assert_refused(name, BAD_ROWS[name])


@pytest.mark.parametrize("name", BAD_ROWS)
def test_without_the_constraint_the_row_gets_in(name):
    take_out(CONSTRAINTS[name])

    BAD_ROWS[name]()


def test_a_change_is_not_about_a_flag_and_a_segment_at_once():
    keepers = Segment.objects.create(key="keepers")

    assert_refused("flag_change_is_about_one_thing", lambda: change(segment=keepers))


def segment(**fields):
    return Segment.objects.create(**({"key": "k"} | fields))


@pytest.mark.parametrize(("model", "store"), [(Flag, flag), (Segment, segment)])
def test_a_key_is_unique_and_without_that_it_is_there_twice(model, store):
    store()
    with pytest.raises(IntegrityError, match="key"), transaction.atomic(savepoint=True):
        store()

    take_out_unique(model, "key")
    store()

    assert model.objects.filter(key="k").count() == 2
