"""Every change is a row that can be undone; nobody overwrites what they did not see. Invariants 4, 5, 6, 7."""

import threading
import uuid

import pytest

from featureflags import services
from featureflags.models import Flag, FlagChange, Stamp
from featureflags.services import counting
from featureflags.services.errors import DefinitionRefused, NoSuchFlag, ReasonMissing, StaleVersion
from tests.featureflags.conftest import make
from tests.races import Gate, held, race

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_change_says_who_what_when_and_why(olga):
    flag = make(by=olga)
    state = flag.state | {"rules": [{"name": "Rollout", "share": 5_000, "serve": "on"}]}

    services.change_flag(state=state, version=1, why="see whether it holds", by=olga)

    change = FlagChange.objects.latest("pk")
    assert (change.by, change.why, change.act) == (olga, "see whether it holds", "changed")
    assert change.diff == ["rule 1: added “Rollout”, 5 % get on"]
    assert change.at


def test_the_diff_names_what_differs(olga):
    make(rules=[{"name": "Rollout", "share": 5_000, "serve": "on"}])

    services.roll_out_flag(key="new_home", share=12_500, why="more", by=olga)

    assert FlagChange.objects.latest("pk").diff == ["rule 1.share: 5 % → 12.5 %"]


def test_killing_serves_off_and_is_told_once(olga):
    make(default="on")

    first, second = (services.kill_flag(key="new_home", why="it burns", by=olga) for _ in range(2))

    assert (first, second) == (True, False)
    assert Flag.objects.get().killed_at
    assert FlagChange.objects.latest("pk").diff == ["killed: no → yes"]


def test_a_kill_needs_no_version(olga):
    flag = make()
    services.change_flag(state=flag.state | {"owner": "Bob"}, version=1, why="his now", by=olga)

    assert services.kill_flag(key="new_home", why="it burns", by=olga)


def test_restoring_lets_it_decide_again(olga):
    make(default="on")
    services.kill_flag(key="new_home", why="it burns", by=olga)

    assert services.restore_flag(key="new_home", why="put out", by=olga)
    assert Flag.objects.get().killed_at is None


def test_a_form_made_from_an_older_version_changes_nothing(olga):
    flag = make()
    services.change_flag(state=flag.state | {"owner": "Bob"}, version=1, why="his now", by=olga)

    with pytest.raises(StaleVersion):
        services.change_flag(state=flag.state | {"owner": "Carol"}, version=1, why="hers now", by=olga)

    assert Flag.objects.get().owner == "Bob"


def test_of_changes_at_once_from_one_version_one_holds(olga):
    flag = make()

    results = race(
        *[
            lambda name=name: services.change_flag(
                state=flag.state | {"owner": name}, version=1, why="mine now", by=olga
            )
            for name in ("Bob", "Carol", "Dan", "Eve")
        ]
    )

    assert sum(isinstance(result, Flag) for result in results) == 1
    assert sum(isinstance(result, StaleVersion) for result in results) == 3
    assert FlagChange.objects.count() == 2


def test_two_changes_at_once_cannot_make_flags_wait_for_each_other(olga):
    one, two = make("one"), make("two")

    results = race(
        *[
            lambda flag=flag, other=other: services.change_flag(
                state=flag.state | {"requires": {other: ["on"]}}, version=1, why="first the other", by=olga
            )
            for flag, other in ((one, "two"), (two, "one"))
        ]
    )

    assert sorted(type(result).__name__ for result in results) == ["DefinitionRefused", "Flag"]


def test_the_stamp_counts_every_change(olga):
    make()
    services.kill_flag(key="new_home", why="it burns", by=olga)
    services.kill_flag(key="new_home", why="it burns", by=olga)

    assert Stamp.objects.get().version == 2


def test_a_change_without_a_difference_is_none(olga):
    flag = make()

    services.change_flag(state=flag.state, version=1, why="nothing", by=olga)

    assert (Flag.objects.get().version, FlagChange.objects.count()) == (1, 1)


@pytest.mark.parametrize("why", ["", "   ", "x" * 301, "\0"])
def test_a_change_without_a_reason_is_refused_and_leaves_nothing(why, olga):
    with pytest.raises(ReasonMissing):
        make(why=why)

    assert not Flag.objects.exists()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"rules": [{"weights": {"on": 1}}]}, "rules[0].weights"),
        ({"rules": [{"people": ["nobody@example.org"], "serve": "on"}]}, "rules[0].people"),
        ({"tags": ["a"] * 21}, "tags"),
        ({"tags": [1]}, "tags"),
        ({"ends_on": "soon"}, "ends_on"),
        ({"ends_on": "2026-02-31"}, "ends_on"),
        ({"owner": "x" * 81}, "owner"),
        ({"description": "\0"}, "description"),
        ({"killed": "yes"}, "killed"),
        ({"colour": "red"}, "flag"),
    ],
)
def test_what_cannot_hold_is_refused_with_its_field(fields, field, db):
    with pytest.raises(DefinitionRefused) as caught:
        make(**fields)

    assert caught.value.field == field
    assert not Flag.objects.exists()


def test_a_type_stays(olga):
    flag = make()
    state = flag.state | {"type": "string", "variants": {"on": "x", "off": "y"}}

    with pytest.raises(DefinitionRefused, match="relies on it"):
        services.change_flag(state=state, version=1, why="text is nicer", by=olga)


def test_people_are_kept_by_id_whatever_their_address_becomes(olga):
    flag = make(rules=[{"people": ["OLGA@example.org", "external-7"], "serve": "on"}])

    assert flag.rules[0]["people"] == [str(olga.pk), "external-7"]


def test_a_flag_that_another_needs_is_not_archived(olga):
    make("base")
    make("upper", requires={"base": ["on"]})

    with pytest.raises(DefinitionRefused, match="no flag base"):
        services.archive_flag(key="base", why="old", by=olga)


def test_archiving_and_taking_back(olga):
    make()

    assert services.archive_flag(key="new_home", why="done", by=olga)
    assert not Flag.objects.active().exists()
    assert services.archive_flag(key="new_home", why="not done", by=olga, archived=False)
    assert Flag.objects.active().exists()


def test_an_unknown_flag_is_told(olga):
    with pytest.raises(NoSuchFlag):
        services.kill_flag(key="gone", why="it burns", by=olga)


def test_rolling_out_makes_its_rule_last_and_keeps_the_others(olga):
    make(rules=[{"name": "Olga", "people": [str(olga.pk)], "serve": "on"}])

    services.roll_out_flag(key="new_home", share=10_000, why="begin", by=olga)

    names = [(rule["name"], rule["share"]) for rule in Flag.objects.get().rules]
    assert names == [("Olga", 100_000), ("Rollout", 10_000)]


@pytest.mark.parametrize(("share", "variant"), [(100_001, "on"), (-1, "on"), (5, "maybe")])
def test_a_rollout_that_cannot_be_is_refused(share, variant, olga):
    make()

    with pytest.raises((DefinitionRefused, ValueError)) as caught:
        services.roll_out_flag(key="new_home", share=share, variant=variant, why="more", by=olga)

    assert isinstance(caught.value, DefinitionRefused)


def test_a_rule_that_is_over_is_refused_when_it_is_new_and_stays_when_it_grew_old(olga):
    over = {"serve": "on", "until": "2026-01-01T00:00:00+00:00"}
    flag = make()

    with pytest.raises(DefinitionRefused, match="over already") as caught:
        make(rules=[{"serve": "on", "people": ["7"]}, over], version=1)
    Flag.objects.update(rules=make("other", rules=[over | {"until": "2999-01-01T00:00:00+00:00"}]).rules)
    Flag.objects.update(rules=[Flag.objects.get(key="other").rules[0] | over])
    grown_old = Flag.objects.get(pk=flag.pk)
    services.change_flag(state=grown_old.state | {"owner": "Carol"}, version=1, why="a name", by=olga)

    assert caught.value.field == "rules[1].until"
    assert Flag.objects.get(pk=flag.pk).owner == "Carol"


def test_a_change_takes_nothing_back_of_what_was_counted_meanwhile(olga):
    make()
    counted = []

    def count():
        counting._add(uuid.uuid4(), {"new_home\non": 1}, [])
        counted.append(True)

    with held(
        Gate(), lambda: services.kill_flag(key="new_home", why="it burns", by=olga), "SELECT", "featureflags_segment"
    ):
        counter = threading.Thread(target=lambda: race(count))
        counter.start()
        counter.join(0.3)
    counter.join()

    assert counted
    assert Flag.objects.get().evaluated_at is not None
