"""What people type about files and operators about limits."""

from typing import Any

from django import forms
from django.contrib.auth.models import Group

from quotas import resources
from quotas.models import Folder, Plan

LARGEST = 2**63 - 1


class UploadForm(forms.Form):
    """Comes without the file when it has no room: that is said beside it, and not here."""

    overwrite = forms.BooleanField(
        required=False, label="Replace a file of the same name", help_text="Otherwise it stays as an older version."
    )
    file = forms.FileField(label="File", allow_empty_file=True, max_length=None)


class FolderForm(forms.Form):
    name = forms.CharField(label="Name", max_length=200)
    parent = forms.IntegerField(required=False, min_value=1, max_value=LARGEST, widget=forms.HiddenInput)


class MoveForm(forms.Form):
    name = forms.CharField(label="Name", max_length=200)
    folder = forms.ModelChoiceField(label="Folder", queryset=Folder.objects.none(), required=False, empty_label="Files")

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["folder"].queryset = Folder.objects.filter(owner=user).order_by("name")  # type: ignore[attr-defined]


class LimitForm(forms.Form):
    """Other limits for somebody."""

    email = forms.EmailField(label="Person", required=False, help_text="Their mail address.")
    group = forms.ModelChoiceField(label="Group", queryset=Group.objects.all(), required=False)
    resource = forms.ChoiceField(label="Of what", choices=list)
    hard = forms.IntegerField(
        label="Limit", required=False, min_value=0, max_value=LARGEST, help_text="In bytes for storage. Empty: none."
    )
    soft = forms.IntegerField(
        label="Soft limit", required=False, min_value=0, max_value=LARGEST, help_text="May be passed for a week."
    )
    ends_at = forms.DateTimeField(label="Until", required=False)
    reason = forms.CharField(label="Why", max_length=200, help_text="Kept with your name.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(each.slug, each.name) for each in resources.registered()]
        self.fields["resource"].choices = choices  # type: ignore[attr-defined]


class PlanForm(forms.Form):
    """A plan for many people at once."""

    plan = forms.ModelChoiceField(label="Plan", queryset=Plan.objects.all())
    emails = forms.CharField(
        label="People", widget=forms.Textarea(attrs={"rows": 6}), max_length=20_000, help_text="One address a line."
    )
    reason = forms.CharField(label="Why", max_length=200, help_text="Kept with your name.")


class ReasonForm(forms.Form):
    reason = forms.CharField(label="Why", max_length=200, help_text="Kept with your name.")
