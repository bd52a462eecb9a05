"""What integrators type: an endpoint, a span of time, the filters of the log."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone

from webhooks import catalogue, headers, ladder, limits
from webhooks.addresses import URL_MAX
from webhooks.models import Delivery, Endpoint


class EndpointForm(forms.Form):
    url = forms.CharField(
        label="URL",
        max_length=URL_MAX,
        help_text="Where we post to. A public address that answers within 15 seconds with a 2xx status.",
        widget=forms.URLInput(attrs={"inputmode": "url", "placeholder": "https://hooks.example.org/guildhall"}),
    )
    description = forms.CharField(
        max_length=limits.DESCRIPTION_MAX, required=False, help_text="So that you know it again."
    )
    scope = forms.ChoiceField(label="It hears", choices=Endpoint.Scope.choices, widget=forms.RadioSelect)
    filters = forms.MultipleChoiceField(
        label="Only these events",
        required=False,
        help_text="None chosen: every event, also of types that come later.",
        widget=forms.CheckboxSelectMultiple,
    )
    custom_headers = forms.CharField(
        required=False,
        max_length=limits.HEADERS_MAX * 1100,
        help_text="One a line, as Name: value. Kept encrypted. Empty keeps what is there; a single - removes all.",
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
    )
    steps = forms.CharField(
        label="When to try",
        max_length=200,
        help_text="Waits before each attempt, such as 0, 1m, 5m, 2h. After the last one it is a dead letter.",
    )
    concurrency = forms.IntegerField(
        label="Requests at once",
        min_value=1,
        max_value=limits.CONCURRENCY_MAX,
        help_text="How many we send side by side.",
    )
    per_minute = forms.IntegerField(
        label="Requests a minute",
        min_value=1,
        max_value=limits.RATE_MAX,
        required=False,
        help_text="Empty: as many as there are.",
    )
    ordered = forms.BooleanField(
        label="Keep the order of what belongs together",
        required=False,
        help_text="The next event about the same thing waits until the one before it has arrived or is a dead letter.",
    )
    asymmetric = forms.BooleanField(
        label="Also sign with a public key", required=False, help_text="ed25519 (v1a), beside HMAC (v1)."
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1, max_value=2**31 - 1)

    def __init__(self, *args: Any, is_operator: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["filters"].choices = [(name, name) for name in catalogue.filters()]  # type: ignore[attr-defined]
        if not is_operator:
            scope = self.fields["scope"]
            scope.required, scope.widget = False, forms.HiddenInput()

    def clean_scope(self) -> str:
        return self.cleaned_data["scope"] or Endpoint.Scope.OWN

    def clean_filters(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["filters"]
        if len(chosen) > limits.FILTERS_MAX:
            raise forms.ValidationError(f"Choose at most {limits.FILTERS_MAX}, or none for everything.")
        return chosen

    def clean_custom_headers(self) -> dict[str, str] | None:
        text = self.cleaned_data["custom_headers"].strip()
        if not text:
            return None
        try:
            return {} if text == "-" else headers.read_lines(text)
        except headers.Refused as error:
            raise forms.ValidationError(str(error)) from error

    def clean_steps(self) -> list[int]:
        try:
            return ladder.read_ladder(self.cleaned_data["steps"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    @property
    def wishes(self) -> dict[str, Any]:
        """What was asked for, in the words of the service."""
        wishes = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        wishes["ladder"], sent = wishes.pop("steps"), wishes.pop("custom_headers")
        return wishes if sent is None else wishes | {"headers": sent}


def first_values(endpoint: Endpoint | None) -> dict[str, Any]:
    """Return what the form shows at first: an endpoint as it is, or what a new one gets."""
    row = endpoint or Endpoint()
    names = ("url", "description", "scope", "filters", "concurrency", "per_minute", "ordered", "asymmetric", "version")
    return {name: getattr(row, name) for name in names} | {"steps": row.ladder_words}


class MomentField(forms.DateTimeField):
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def clean(self, value: Any) -> datetime | None:
        moment: datetime | None = super().clean(value)
        if moment is not None and not 1970 <= moment.year < 9999:
            raise forms.ValidationError("Choose a day of our time.")
        return moment


class SpanForm(forms.Form):
    """From when to when; without an end, until now."""

    since = MomentField(label="From")
    until = MomentField(label="Until", required=False, help_text="Empty: now.")
    everything = forms.BooleanField(
        label="Also what was delivered",
        required=False,
        help_text="Otherwise the dead letters only. Receivers know a repetition by its webhook-id.",
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        since, until = values.get("since"), values.get("until") or timezone.now()
        if since and since >= until:
            self.add_error("until", "The end comes after the beginning.")
        return values | {"until": until}


class SinceForm(forms.Form):
    """From when on."""

    since = MomentField(label="Since", help_text="At most 30 days back; what is older is gone.")

    def clean_since(self) -> datetime:
        since: datetime = self.cleaned_data["since"]
        if since > timezone.now():
            raise forms.ValidationError("That is still to come.")
        return max(since, timezone.now() - limits.RETENTION)


class LogForm(forms.Form):
    """What of the log is shown; what cannot be read is left out, because it only hides lines."""

    state = forms.ChoiceField(required=False, choices=[("", "any state"), *Delivery.State.choices])
    type = forms.ChoiceField(required=False)
    since = MomentField(required=False)
    until = MomentField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        types = [(each.name, each.name) for each in catalogue.types()]
        self.fields["type"].choices = [("", "any type"), *types]  # type: ignore[attr-defined]

    def chosen(self) -> dict[str, Any]:
        """Return what was chosen and could be read."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=200, help_text="Kept, and shown to other operators.")
