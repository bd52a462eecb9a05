"""History, undo, and why somebody gets what, as operators see them."""

import re

import pytest
from django.urls import reverse

from featureflags.models import Flag, FlagChange
from tests.featureflags.conftest import act, condition, make, text_of

pytestmark = pytest.mark.django_db(transaction=True)
LIST = reverse("admin:featureflags_flag_changelist")


def test_the_history_shows_who_what_why_and_undoes(operator):
    flag = make()
    act(operator, flag, "kill")
    change = FlagChange.objects.latest("pk")

    page = text_of(operator.get(reverse("admin:featureflags_flag_history", args=[flag.pk])))
    operator.post(reverse("admin:featureflags_flag_undo", args=[change.pk]), {"why": "put out"})

    assert all(word in page for word in ("Olga", "killed: no → yes", "it burns", "Undo this change"))
    assert Flag.objects.get().killed_at is None


def test_undoing_without_a_reason_or_under_a_later_change_is_refused(operator):
    flag = make()
    act(operator, flag, "kill")
    change = FlagChange.objects.latest("pk")
    undo = reverse("admin:featureflags_flag_undo", args=[change.pk])

    assert "Say why" in text_of(operator.post(undo, {}, follow=True))
    act(operator, flag, "restore")

    assert "Undo that one first" in text_of(operator.post(undo, {"why": "no"}, follow=True))


def test_the_history_goes_on_to_older_changes(operator):
    flag = make()
    for number in range(31):
        Flag.objects.get()
        make(version=number + 1, owner=str(number))
    history = reverse("admin:featureflags_flag_history", args=[flag.pk])
    first = operator.get(history)

    second = operator.get(f"{history}?before={first.context['older']}")

    assert (len(first.context["page"]), len(second.context["page"])) == (30, 2)
    assert operator.get(f"{history}?before=9x").status_code == 200


def test_explaining_shows_every_rule_and_where_a_person_stood(operator, olga, live_flags):
    rules = [
        {"name": "Elsewhere", "conditions": [condition("country", "equals", "PT")], "serve": "on"},
        {"name": "Some", "share": 50_000, "serve": "on"},
        {"name": "Keepers", "conditions": [condition("staff", "equals", True)], "serve": "on"},
        {"name": "Late", "people": ["7"], "serve": "on"},
    ]
    flag = make(rules=rules)
    explain = reverse("admin:featureflags_flag_explain", args=[flag.pk])

    page = text_of(operator.get(explain, {"person": olga.email, "context": '{"country": "ES"}'}))

    assert "They get “on”" in page
    assert "country equals PT: no" in page
    assert re.search(r"stands at [\d.]+ %, of 50 % let in", page)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"person": "nobody@example.org"}, "Nobody has this mail address"),
        ({"context": "["}, "This is not JSON"),
        ({"context": "[]"}, "in braces"),
        ({"context": '{"targetingKey": 7}'}, "must be text"),
        ({"person": "9" * 30}, "They get “off”"),
        ({"person": ""}, "They get “off”"),
    ],
)
def test_explaining_takes_anything(asked, says, operator, live_flags):
    flag = make()

    page = operator.get(reverse("admin:featureflags_flag_explain", args=[flag.pk]), asked)

    assert page.status_code == 200
    assert says in text_of(page)


@pytest.mark.parametrize("flag", [{"killed": True}, {"requires": {"one": ["on"], "base": ["on"]}}])
def test_what_the_decision_never_came_to_may_fail_without_failing_the_page(flag, operator, live_flags):
    make("one")
    make("base", rules=[{"share": 50_000, "serve": "on", "sticky": "team"}])
    held = make(**({"requires": {"base": ["on"]}} | flag))

    page = operator.get(
        reverse("admin:featureflags_flag_explain", args=[held.pk]), {"person": "7", "context": '{"team": true}'}
    )

    assert page.status_code == 200
    assert "base serves on" in text_of(page)
