"""What operators do on the pages: every change with a reason, refusals at their field, and why somebody gets what."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from featureflags.models import Flag, FlagChange, Segment
from tests.featureflags.conftest import act, condition, fields_of, make, page_of, text_of

pytestmark = pytest.mark.django_db(transaction=True)
LIST = reverse("admin:featureflags_flag_changelist")


def test_a_flag_is_made_on_the_page(operator):
    page = reverse("admin:featureflags_flag_add")
    fields = fields_of(operator, page) | {
        "key": "new_home",
        "owner": "Carol",
        "why": "try it",
        "rules-0-share": "5",
        "rules-0-serve": "on",
        "rules-0-conditions": "not email ends_with @example.com\nage at_least 18",
    }

    answer = operator.post(page, fields)

    flag = Flag.objects.get()
    assert answer["Location"] == page_of(flag)
    assert (flag.owner, flag.rules[0]["share"], flag.rules[0]["serve"]) == ("Carol", 5_000, "on")
    assert flag.rules[0]["conditions"] == [
        condition("email", "ends_with", "@example.com", negate=True),
        condition("age", "at_least", 18),
    ]
    assert FlagChange.objects.get().by.email == "olga@example.org"


def test_saving_an_untouched_page_changes_nothing(operator, olga):
    rules = [
        {
            "name": "All of it",
            "people": [str(olga.pk), "external"],
            "conditions": [condition("country", "in", ["PT", "a, b", 3]), condition("n", "equals", "12")],
            "requires": {"base": ["on"]},
            "from": "2026-11-28T14:00:01+00:00",
            "until": "2027-11-28T14:00:00+00:00",
            "sticky": "team",
            "share": 12_345,
            "weights": {"on": 33_333, "off": 66_667},
        },
        {"share": 50_000, "serve": "on"},
    ]
    make("base")
    flag = make(rules=rules, tags=["a", "b"], ends_on="2027-01-01", permanent=True, requires={"base": ["on", "off"]})

    operator.post(page_of(flag), fields_of(operator, page_of(flag)) | {"why": "nothing"})

    assert Flag.objects.get(pk=flag.pk).state == flag.state
    assert Flag.objects.get(pk=flag.pk).version == 1


@pytest.mark.parametrize(("share", "step"), [(50_000, "1"), (12_500, "0.1"), (12_340, "0.01"), (12_345, "0.001")])
def test_a_slider_stands_where_its_value_is(share, step, operator):
    flag = make(rules=[{"share": share, "serve": "on"}])

    assert (
        f'step="{step}"'
        in re.search(
            r'<input type="range"[^>]*name="rules-0-share"[^>]*>', operator.get(page_of(flag)).content.decode()
        ).group()
    )


def test_several_rules_are_added_and_put_in_order_in_one_save(operator):
    flag = make(rules=[{"name": "old", "people": ["old"], "serve": "on"}])
    fields = fields_of(operator, page_of(flag)) | {"why": "order"}
    new = {
        f"rules-{number}-{field}": value
        for number, name in ((1, "a"), (2, "b"), (3, "c"))
        for field, value in {"name": name, "people": name, "serve": "on"}.items()
    }

    operator.post(page_of(flag), fields | new | {"rules-0-ORDER": "5", "rules-2-ORDER": "1"})

    assert [rule["name"] for rule in Flag.objects.get().rules] == ["b", "old", "a", "c"]


def test_rules_are_removed_and_put_in_another_order(operator):
    rules = [{"name": name, "people": [name], "serve": "on"} for name in ("a", "b", "c")]
    flag = make(rules=rules)
    fields = fields_of(operator, page_of(flag)) | {"why": "order"}

    operator.post(page_of(flag), fields | {"rules-0-ORDER": "9", "rules-1-DELETE": "on"})

    assert [rule["name"] for rule in Flag.objects.get().rules] == ["c", "a"]


def test_a_flag_with_all_the_rules_that_it_may_have_can_be_saved(operator):
    names = [f"v{number}" for number in range(20)]
    rules = [{"people": [str(number)], "serve": "v1"} for number in range(50)]
    flag = make(type="number", variants=dict.fromkeys(names, 1), default="v1", off="v2", rules=rules)
    fields = fields_of(operator, page_of(flag)) | {"owner": "Carol", "why": "a name"}

    answer = operator.post(page_of(flag), fields)

    assert (answer.status_code, Flag.objects.get().owner) == (302, "Carol")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"why": ""}, "This field is required"),
        ({"default": "gone"}, "Must be one of the variants on, off"),
        ({"variants": "on"}, "needs a new name and a value"),
        ({"variants": "on = yes"}, "needs JSON"),
        ({"variants": "on = 1"}, "Must be true or false"),
        ({"requires": "base"}, "needs a flag and its variants"),
        ({"requires": "gone = on"}, "There is no flag gone"),
        ({"tags": "x" * 41}, "at most 20 words"),
        ({"ends_on": "soon"}, "Enter a valid date"),
        ({"rules-0-conditions": "country"}, "needs an attribute, an operator and a value"),
        ({"rules-0-conditions": "country resembles PT"}, "there is no operator resembles"),
        ({"rules-0-conditions": "email matches ("}, "regular expression"),
        ({"rules-0-people": "nobody@example.org"}, "nobody has the mail address"),
        ({"rules-0-serve": "", "rules-0-weight_on": "30"}, "add up to 30 %"),
        ({"rules-0-share": "101"}, "less than or equal to 100"),
        ({"rules-0-share": "12.3456"}, "no more than 3 decimal places"),
        ({"rules-0-starts_at": "2999-02-02T00:00", "rules-0-ends_at": "2999-02-01T00:00"}, "ends before it begins"),
        ({"rules-0-ends_at": "2026-01-01T00:00"}, "it is over already"),
        ({"rules-0-name": "a\0b"}, "Null characters are not allowed"),
        ({"rules-TOTAL_FORMS": "x"}, "ManagementForm data is missing"),
    ],
)
def test_a_refusal_is_told_and_changes_nothing(changes, says, operator):
    flag = make(rules=[{"share": 5_000, "serve": "on"}])

    answer = operator.post(page_of(flag), fields_of(operator, page_of(flag)) | {"why": "try"} | changes)

    assert answer.status_code == 422
    assert says.lower() in text_of(answer).lower()
    assert Flag.objects.get().version == 1


def test_what_somebody_changed_meanwhile_is_not_overwritten(operator):
    flag = make()
    fields = fields_of(operator, page_of(flag))
    operator.post(page_of(flag), fields | {"owner": "Bob", "why": "his"})

    answer = operator.post(page_of(flag), fields | {"owner": "Carol", "why": "hers"})

    assert answer.status_code == 422
    assert "Somebody changed this flag meanwhile" in text_of(answer)
    assert Flag.objects.get().owner == "Bob"


def test_kill_restore_archive_and_take_back(operator):
    flag = make(default="on")

    said = [text_of(act(operator, flag, name)) for name in ("kill", "restore", "archive", "revive")]

    assert "is killed" in said[0]
    assert "decides again" in said[1]
    assert "is archived" in said[2]
    assert "back from the archive" in said[3]
    assert FlagChange.objects.count() == 5


def test_an_act_without_a_reason_is_refused(operator):
    flag = make()

    assert "Say why" in text_of(act(operator, flag, "kill", ""))
    assert Flag.objects.get().killed_at is None


def test_the_list_filters_by_state(operator):
    make("active")
    make("gone", archived=True)
    make("dead", killed=True)
    make("late", ends_on="2020-01-01")
    make("old")
    Flag.objects.filter(key="old").update(created_at=timezone.now() - timedelta(days=31))

    found = {
        state: [row.key for row in operator.get(LIST, {"state": state} if state else {}).context["cl"].result_list]
        for state in ("", "killed", "stale", "overdue", "archived", "nonsense")
    }

    assert found == {
        "": ["active", "dead", "late", "old"],
        "killed": ["dead"],
        "stale": ["old"],
        "overdue": ["late"],
        "archived": ["gone"],
        "nonsense": ["active", "dead", "late", "old"],
    }


def test_the_list_makes_as_many_queries_for_many_flags(operator):
    make("a")
    operator.get(LIST)
    with CaptureQueriesContext(connection) as few:
        operator.get(LIST)
    for number in range(10):
        make(f"b{number}")

    with CaptureQueriesContext(connection) as many:
        operator.get(LIST)

    assert len(few) == len(many), "\n".join(each["sql"][:150] for each in many)


def test_a_segment_is_made_changed_and_undone(operator, olga):
    page = reverse("admin:featureflags_segment_add")
    made = {"key": "keepers", "conditions": "staff equals true", "people": olga.email, "why": "who they are"}
    operator.post(page, made)
    segment = Segment.objects.get()
    page = reverse("admin:featureflags_segment_change", args=[segment.pk])

    refused = operator.post(page, {"key": "keepers", "why": "empty it", "version": "1"})
    stale = operator.post(page, made | {"version": "0"})
    operator.post(page, made | {"people": "", "version": "1"})
    operator.post(reverse("admin:featureflags_flag_undo", args=[FlagChange.objects.latest("pk").pk]), {"why": "no"})

    assert (refused.status_code, stale.status_code) == (422, 422)
    assert "needs a condition" in text_of(refused)
    assert "meanwhile" in text_of(stale)
    assert Segment.objects.get().people == [str(olga.pk)]
    assert operator.get(page).status_code == 200
