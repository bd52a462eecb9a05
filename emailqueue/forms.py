"""What people type and tick about mail."""

from django import forms
from django.conf import settings


class WishesForm(forms.Form):
    """Which mail a member wants."""

    topics = forms.MultipleChoiceField(
        label="Send me",
        choices=lambda: [(name, title) for name, (title, _) in settings.EMAIL_TOPICS.items()],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    everything_off = forms.BooleanField(label="Send me none of these, and nothing that is added later", required=False)
    noted = forms.BooleanField(label="The hall may note when I open a mail or follow a link in it", required=False)


class ReasonForm(forms.Form):
    """Why an operator does something to a mail."""

    reason = forms.CharField(max_length=150, help_text="Kept in the list of acts.")


class SuppressForm(ReasonForm):
    address = forms.CharField(max_length=254)
    days = forms.TypedChoiceField(
        label="For",
        coerce=int,
        choices=[(0, "until somebody takes it off"), (30, "30 days"), (365, "a year")],
        initial=0,
    )
    field_order = ("address", "days", "reason")
