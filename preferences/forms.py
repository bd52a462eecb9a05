"""What people choose on the appearance page."""

import zoneinfo

from django import forms

from preferences import themes
from preferences.models import Mode, Preference


class ThemeForm(forms.Form):
    """What anybody may choose, signed in or not."""

    mode = forms.ChoiceField(label="Theme", choices=Mode.choices, widget=forms.RadioSelect)
    light_theme = forms.ChoiceField(
        label="When it is light", choices=Preference.LightTheme.choices, widget=forms.RadioSelect
    )
    dark_theme = forms.ChoiceField(
        label="When it is dark", choices=Preference.DarkTheme.choices, widget=forms.RadioSelect
    )
    motion = forms.ChoiceField(choices=Preference.Motion.choices, widget=forms.RadioSelect)

    @property
    def theme(self) -> themes.Theme:
        cleaned = self.cleaned_data
        return themes.Theme(cleaned["mode"], cleaned["light_theme"], cleaned["dark_theme"], cleaned["motion"])


class PreferenceForm(ThemeForm):
    """What a signed-in person may choose besides."""

    DEVICE_CHOICES = (("", "The same as everywhere"), *Mode.choices)

    version = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)
    device = forms.IntegerField(min_value=1, max_value=2**63 - 1, required=False, widget=forms.HiddenInput)
    device_mode = forms.ChoiceField(
        label="On this device", choices=DEVICE_CHOICES, required=False, widget=forms.RadioSelect
    )
    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=lambda: [
            ("", "My browser’s zone"),
            *((name, name.replace("_", " ")) for name in sorted(zoneinfo.available_timezones())),
        ],
        required=False,
    )
    week_start = forms.TypedChoiceField(
        label="The week begins on", choices=Preference.Weekday.choices, coerce=int, widget=forms.RadioSelect
    )
    clock = forms.ChoiceField(choices=Preference.Clock.choices, widget=forms.RadioSelect)


class QuickThemeForm(forms.Form):
    """The small control in each page's header."""

    mode = forms.ChoiceField(choices=Mode.choices)
    version = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    next = forms.CharField(max_length=2000, required=False)
