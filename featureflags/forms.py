"""What operators type about flags: parsed here, judged by the engine."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms

from featureflags.evaluation.bucketing import SCALE
from featureflags.evaluation.definitions import PERSON, Refused
from featureflags.evaluation.wording import (
    condition_in_words,
    parse_conditions,
    parse_requires,
    parse_variants,
    requires_in_words,
    variants_in_words,
)
from featureflags.models import Flag

STEPS = (Decimal(1), Decimal("0.1"), Decimal("0.01"), Decimal("0.001"))
BY_WEIGHTS = ""
HUNDRED = Decimal(100)


def to_share(percentage: Decimal) -> int:
    return int(percentage * SCALE / HUNDRED)


def to_percentage(share: int) -> Decimal:
    return Decimal(share) * HUNDRED / SCALE


class Slider(forms.NumberInput):
    """A range from 0 to 100 %, in the largest steps that its value stands on: a finer value must survive a save."""

    input_type = "range"
    template_name = "featureflags/_slider.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        step = _largest_step(str(context["widget"]["value"] or 0))
        context["widget"]["attrs"] |= {"min": 0, "max": 100, "step": step}
        return context


def _largest_step(text: str) -> Decimal:
    try:
        return next((each for each in STEPS if Decimal(text) % each == 0), STEPS[-1])
    except InvalidOperation:
        # A form that was refused is shown again with whatever was sent.
        return STEPS[-1]


class ShareField(forms.DecimalField):
    """A slider; what is not a number from 0 to 100 with at most three decimals is refused."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=0, max_value=100, decimal_places=3, widget=Slider, **options)


def _lines() -> forms.Textarea:
    return forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})


class WhyForm(forms.Form):
    why = forms.CharField(label="Why", max_length=300, help_text="The history keeps it.")


class FlagForm(forms.Form):
    key = forms.CharField(max_length=80, help_text="What code asks for: small letters, digits, _ . -")
    type = forms.ChoiceField(choices=Flag.Type.choices)
    description = forms.CharField(max_length=400, required=False)
    owner = forms.CharField(max_length=80, required=False, help_text="Whom to ask.")
    tags = forms.CharField(max_length=900, required=False, help_text="Separated by commas.")
    ends_on = forms.DateField(
        label="Expected to be gone by",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    permanent = forms.BooleanField(label="It stays: a switch for operators, never stale for being on", required=False)
    variants = forms.CharField(
        max_length=60_000,
        widget=_lines(),
        help_text="One a line: name = value. Numbers, true, false and JSON as JSON; text as it is.",
    )
    default = forms.CharField(max_length=80, help_text="The variant for everybody whom no rule takes.")
    off = forms.CharField(label="When killed", max_length=80, help_text="The variant that a killed flag serves.")
    salt = forms.CharField(
        max_length=80, required=False, help_text="Another salt deals everybody anew. Empty: the key."
    )
    requires = forms.CharField(
        label="Needs other flags",
        max_length=2000,
        required=False,
        widget=_lines(),
        help_text="One a line: flag = variant, variant. Else the variant for a killed flag is served.",
    )
    why = forms.CharField(label="Why do you change it?", max_length=300, help_text="The history keeps it.")
    version = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False, widget=forms.HiddenInput)

    def clean_requires(self) -> dict[str, list[str]]:
        return _parsed(parse_requires, self.cleaned_data["requires"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if "variants" in cleaned and "type" in cleaned:
            try:
                cleaned["variants"] = parse_variants(cleaned["variants"], cleaned["type"])
            except Refused as error:
                self.add_error("variants", str(error))
        return cleaned

    def state(self) -> dict[str, Any]:
        """Return what the service takes, without rules."""
        cleaned = self.cleaned_data
        state = {name: cleaned[name] for name in ("key", "type", "description", "owner", "permanent")}
        state |= {name: cleaned[name] for name in ("variants", "default", "off", "salt", "requires")}
        state["tags"] = [tag.strip() for tag in cleaned["tags"].split(",") if tag.strip()]
        state["ends_on"] = cleaned["ends_on"].isoformat() if cleaned["ends_on"] else None
        return state


def initial_of_flag(flag: Flag) -> dict[str, Any]:
    told = ("key", "type", "description", "owner", "ends_on", "permanent", "default", "off", "salt", "version")
    return {name: getattr(flag, name) for name in told} | {
        "tags": ", ".join(flag.tags),
        "variants": variants_in_words(flag.variants, flag.type),
        "requires": requires_in_words(flag.requires),
    }


class RuleForm(forms.Form):
    """One rule; `variants` are the names that it may serve."""

    name = forms.CharField(label="Its name", max_length=80, required=False)
    people = forms.CharField(
        max_length=200_000, required=False, widget=_lines(), help_text="Mail addresses or ids, one a line."
    )
    segments = forms.MultipleChoiceField(
        label="In one of these segments", required=False, widget=forms.CheckboxSelectMultiple
    )
    conditions = forms.CharField(
        max_length=60_000,
        required=False,
        widget=_lines(),
        help_text="One a line, all must hold: country in PT, ES · not email ends_with @example.org · staff equals true",
    )
    requires = forms.CharField(
        label="Other flags", max_length=2000, required=False, widget=_lines(), help_text="flag = variant"
    )
    starts_at = forms.DateTimeField(label="From (UTC)", required=False)
    ends_at = forms.DateTimeField(label="Until (UTC)", required=False)
    sticky = forms.CharField(
        label="Sticks to", max_length=80, initial=PERSON, help_text="person (else the device), device, or an attribute."
    )
    share = ShareField(label="How many of them", initial=100)
    share_exact = forms.DecimalField(
        label="exactly",
        min_value=0,
        max_value=100,
        decimal_places=3,
        required=False,
        help_text="Goes before the slider.",
    )
    serve = forms.ChoiceField(label="They get", required=False)

    def __init__(self, *args: Any, variants: Sequence[str], segments: Sequence[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.variants = variants
        for name in ("starts_at", "ends_at"):
            self.fields[name].widget = forms.DateTimeInput(
                attrs={"type": "datetime-local", "step": 1}, format="%Y-%m-%dT%H:%M:%S"
            )
        self.choices("segments", [(each, each) for each in segments])
        self.choices("serve", [*((each, each) for each in variants), (BY_WEIGHTS, "several, by the weights below")])
        self.fields["serve"].initial = variants[0]
        for name in variants:
            self.fields[f"weight_{name}"] = ShareField(label=name, initial=0)

    def choices(self, field: str, choices: list[tuple[str, str]]) -> None:
        held: Any = self.fields[field]
        held.choices = choices

    @property
    def weights(self) -> list[forms.BoundField]:
        return [self[f"weight_{name}"] for name in self.variants]

    def clean_conditions(self) -> list[dict[str, Any]]:
        return _parsed(parse_conditions, self.cleaned_data["conditions"])

    def clean_requires(self) -> dict[str, list[str]]:
        return _parsed(parse_requires, self.cleaned_data["requires"])

    def rule(self) -> dict[str, Any]:
        """Return the rule as the engine takes it."""
        cleaned = self.cleaned_data
        exact = cleaned["share_exact"]
        rule = {
            "name": cleaned["name"],
            "people": [line.strip() for line in cleaned["people"].splitlines() if line.strip()],
            "segments": cleaned["segments"],
            "conditions": cleaned["conditions"],
            "requires": cleaned["requires"],
            "from": _moment(cleaned["starts_at"]),
            "until": _moment(cleaned["ends_at"]),
            "sticky": cleaned["sticky"],
            "share": to_share(cleaned["share"] if exact is None else exact),
        }
        if cleaned["serve"]:
            return rule | {"serve": cleaned["serve"]}
        return rule | {"weights": {name: to_share(cleaned[f"weight_{name}"]) for name in self.variants}}


def initial_of_rule(rule: Mapping[str, Any], addresses: Mapping[str, str]) -> dict[str, Any]:
    """Return what a rule's form shows; people by address where `addresses` (id: address) knows them."""
    initial = {name: rule[name] for name in ("name", "segments", "sticky")} | {
        "people": "\n".join(addresses.get(each, each) for each in rule["people"]),
        "conditions": "\n".join(condition_in_words(each) for each in rule["conditions"]),
        "requires": requires_in_words(rule["requires"]),
        "starts_at": _parse_moment(rule["from"]),
        "ends_at": _parse_moment(rule["until"]),
        "share": to_percentage(rule["share"]),
        "serve": rule.get("serve", BY_WEIGHTS),
    }
    weights = rule.get("weights", {})
    return initial | {f"weight_{name}": to_percentage(weight) for name, weight in weights.items()}


class SegmentForm(forms.Form):
    key = forms.CharField(max_length=80, help_text="Small letters, digits, _ . -")
    description = forms.CharField(max_length=400, required=False)
    people = forms.CharField(
        max_length=200_000, required=False, widget=_lines(), help_text="Mail addresses or ids, one a line."
    )
    conditions = forms.CharField(
        max_length=60_000,
        required=False,
        widget=_lines(),
        help_text="Everybody who meets all of them is in, too. One a line: country in PT, ES",
    )
    why = forms.CharField(label="Why do you change it?", max_length=300, help_text="The history keeps it.")
    version = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False, widget=forms.HiddenInput)

    def clean_conditions(self) -> list[dict[str, Any]]:
        return _parsed(parse_conditions, self.cleaned_data["conditions"])

    def state(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        people = [line.strip() for line in cleaned["people"].splitlines() if line.strip()]
        return {name: cleaned[name] for name in ("key", "description", "conditions")} | {"people": people}


class ExplainForm(forms.Form):
    person = forms.CharField(max_length=254, required=False, help_text="A mail address or an id.")
    context = forms.CharField(
        max_length=60_000,
        required=False,
        widget=_lines(),
        help_text='More attributes, as JSON: {"country": "PT", "device": "x"}',
    )

    def clean_context(self) -> dict[str, Any]:
        try:
            context = json.loads(self.cleaned_data["context"] or "{}")
        except (ValueError, RecursionError):
            raise forms.ValidationError('This is not JSON. It looks like {"country": "PT"}.') from None
        if not isinstance(context, dict):
            raise forms.ValidationError("A context is an object, in braces.")
        return context


# --- Between text and values ------------------------------------------------------------------------------


def _parsed(parse: Any, text: str) -> Any:
    try:
        return parse(text)
    except Refused as error:
        raise forms.ValidationError(str(error)) from error


def _moment(value: datetime | None) -> str | None:
    return value.astimezone(UTC).isoformat() if value else None


def _parse_moment(value: str | None) -> datetime | None:
    if not value:
        return None
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
