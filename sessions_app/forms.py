"""What people type into this app's pages."""

from django import forms
from django.http import HttpRequest

from sessions_app.models import ApiToken, User


class SignupForm(forms.Form):
    """What allauth's sign-up asks besides mail address and password."""

    display_name = forms.CharField(
        label="Your name",
        max_length=80,
        help_text="As the others in the hall should see it.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    field_order = ("display_name", "email", "password1")

    def signup(self, request: HttpRequest, user: User) -> None:
        user.display_name = self.cleaned_data["display_name"]
        user.save(update_fields=["display_name"])


class ApiTokenForm(forms.Form):
    name = forms.CharField(max_length=80, help_text="What will use it, so that you know it again.")
    scopes = forms.MultipleChoiceField(
        label="It may",
        choices=ApiToken.Scope.choices,
        initial=[ApiToken.Scope.READ],
        widget=forms.CheckboxSelectMultiple,
    )
    expires_in_days = forms.TypedChoiceField(
        label="It expires",
        coerce=int,
        choices=[(30, "in 30 days"), (90, "in 90 days"), (365, "in a year"), (0, "never")],
        initial=90,
    )


class EndEverybodyForm(forms.Form):
    """The typed confirmation before everybody is signed out."""

    PHRASE = "end all sessions"
    confirmation = forms.CharField(label=f"Type “{PHRASE}”", max_length=40)
    reason = forms.CharField(max_length=150, help_text="Kept in the security log.")

    def clean_confirmation(self) -> str:
        if self.cleaned_data["confirmation"].strip().lower() != self.PHRASE:
            raise forms.ValidationError(f"Type “{self.PHRASE}” to go on.")
        return self.PHRASE
