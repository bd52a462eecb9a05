"""Any change can be undone, as one more change; segments have the same history. Invariant 4."""

import pytest

from featureflags import services
from featureflags.models import Flag, FlagChange, Segment
from featureflags.services import DefinitionRefused, StaleVersion
from tests.featureflags.conftest import condition, make

pytestmark = pytest.mark.django_db(transaction=True)


def undo(change, by):
    return services.undo_change(change_id=change.pk, why="it was wrong", by=by)


def test_any_change_can_be_undone_and_the_undoing_too(olga):
    make()
    services.roll_out_flag(key="new_home", share=10_000, why="begin", by=olga)

    undo(FlagChange.objects.latest("pk"), olga)
    assert Flag.objects.get().rules == []
    undo(FlagChange.objects.latest("pk"), olga)

    assert Flag.objects.get().rules[0]["share"] == 10_000
    assert FlagChange.objects.latest("pk").undoes.act == "undone"


def test_undoing_touches_only_what_the_change_touched(olga):
    make()
    services.kill_flag(key="new_home", why="it burns", by=olga)
    kill = FlagChange.objects.latest("pk")
    services.roll_out_flag(key="new_home", share=10_000, why="begin", by=olga)

    undo(kill, olga)

    flag = Flag.objects.get()
    assert (flag.killed_at, flag.rules[0]["share"]) == (None, 10_000)


def test_what_a_later_change_stands_on_is_not_undone(olga):
    make()
    services.roll_out_flag(key="new_home", share=10_000, why="begin", by=olga)
    first = FlagChange.objects.latest("pk")
    services.roll_out_flag(key="new_home", share=20_000, why="more", by=olga)

    with pytest.raises(StaleVersion):
        undo(first, olga)


def test_undoing_a_creation_archives(olga):
    make()

    undo(FlagChange.objects.get(), olga)

    assert Flag.objects.get().archived_at


def test_undoing_what_would_not_hold_together_any_more_is_refused(olga):
    make("base")
    make("upper", requires={"base": ["on"]})

    with pytest.raises(DefinitionRefused):
        undo(FlagChange.objects.get(flag__key="base"), olga)


def segment(olga, version=None, **fields):
    state = {"key": "keepers", "people": [], "conditions": [condition("staff", "equals", True)]} | fields
    return services.change_segment(state=state, version=version, why="who they are", by=olga)


def test_a_segment_changes_with_a_history(olga):
    segment(olga)
    segment(olga, version=1, people=["7"])

    assert FlagChange.objects.latest("pk").diff == ["people: added 7"]
    with pytest.raises(StaleVersion):
        segment(olga, version=1, people=["8"])


def test_a_segment_change_can_be_undone(olga):
    segment(olga)
    segment(olga, version=1, people=["7"])

    undo(FlagChange.objects.latest("pk"), olga)

    assert Segment.objects.get().people == []


def test_an_empty_segment_is_refused(olga):
    with pytest.raises(DefinitionRefused):
        segment(olga, conditions=[])
