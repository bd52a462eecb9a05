"""What people and operators type about tags."""

from django import forms
from django.core.exceptions import ValidationError

from tagging import names as naming
from tagging.models import DESCRIPTION_MAX, TagFollow, TagGroup


class TagsForm(forms.Form):
    tags = forms.CharField(
        required=False,
        max_length=1000,
        widget=forms.TextInput(attrs={"data-tag-field": "", "list": "tags-in-use", "autocomplete": "off"}),
        help_text="At most ten, with commas between them.",
    )

    def clean_tags(self) -> list[str]:
        return naming.split(self.cleaned_data["tags"])


class FollowForm(forms.Form):
    kind = forms.ChoiceField(choices=[*TagFollow.Kind.choices, ("none", "Neither")])


class NarrowForm(forms.Form):
    """More conditions on the page of a tag."""

    also = forms.CharField(required=False, max_length=naming.LENGTH_MAX * 4)


# --- For operators ------------------------------------------------------------------------------------------


class ReasonForm(forms.Form):
    reason = forms.CharField(label="Why?", max_length=200, help_text="It stands in the tag's history.")


class NameForm(ReasonForm):
    name = forms.CharField(max_length=naming.DISPLAY_MAX)
    field_order = ("name", "reason")

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        try:
            naming.normalise(name)
        except naming.NameRefused as error:
            raise ValidationError(str(error)) from error
        return name


class StandingForm(ReasonForm):
    deprecated = forms.BooleanField(required=False, label="Not to be used any more")
    reserved = forms.BooleanField(required=False, label="For operators only")
    field_order = ("deprecated", "reserved", "reason")


class DescriptionForm(ReasonForm):
    description = forms.CharField(required=False, max_length=DESCRIPTION_MAX, widget=forms.Textarea(attrs={"rows": 4}))
    group = forms.ModelChoiceField(TagGroup.objects.order_by("name"), required=False)
    field_order = ("description", "group", "reason")
