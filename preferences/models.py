"""How a person wants the hall to look and to tell the time; it follows them to every device.

Invariants:

1. No page paints a frame in the wrong theme: the server decides and writes it on `<html>`, without a script.
2. A choice of the person beats the system's setting, which beats light; there is always a way back to `system`.
3. A stale form does not overwrite a newer choice: `version` fences it.
4. A theme, a mode, a clock that does not exist cannot be stored.
"""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import OuterRef, Q, Subquery

from preferences import themes


class Mode(models.TextChoices):
    SYSTEM = "system", "Follow the system"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class PreferenceQuerySet(models.QuerySet["Preference"]):
    def with_device_mode(self, device_id: int) -> Self:
        """Add `device_mode`: the mode that the person keeps on that device only, or None."""
        override = DevicePreference.objects.filter(device_id=device_id, device__user=OuterRef("user"))
        return self.annotate(device_mode=Subquery(override.values("mode")))


class Preference(models.Model):
    class LightTheme(models.TextChoices):
        PAPER = "paper", "Paper"
        CONTRAST = "contrast", "High contrast"

    class DarkTheme(models.TextChoices):
        INK = "ink", "Ink"
        DIMMED = "dimmed", "Dimmed"
        CONTRAST = "contrast", "High contrast"

    class Motion(models.TextChoices):
        SYSTEM = "system", "Follow the system"
        REDUCED = "reduced", "As little as possible"

    class Clock(models.TextChoices):
        H24 = "24", "14:00"
        H12 = "12", "2:00 pm"

    class Weekday(models.IntegerChoices):
        MONDAY = 1, "Monday"
        SATURDAY = 6, "Saturday"
        SUNDAY = 7, "Sunday"

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.SYSTEM)
    light_theme = models.CharField(max_length=10, choices=LightTheme.choices, default=LightTheme.PAPER)
    dark_theme = models.CharField(max_length=10, choices=DarkTheme.choices, default=DarkTheme.INK)
    motion = models.CharField(max_length=10, choices=Motion.choices, default=Motion.SYSTEM)
    clock = models.CharField(max_length=2, choices=Clock.choices, default=Clock.H24)
    # ISO 8601 numbers the days from Monday.
    week_start = models.PositiveSmallIntegerField(choices=Weekday.choices, default=Weekday.MONDAY)
    # When the person first chose a theme; until then an anonymous choice may be adopted.
    theme_chosen_at = models.DateTimeField(null=True)
    # Rises with each change: what a form has to have seen.
    version = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(null=True)

    objects = PreferenceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(mode__in=themes.MODES), name="preference_mode_exists"),
            models.CheckConstraint(condition=Q(light_theme__in=themes.LIGHT_THEMES), name="preference_light_exists"),
            models.CheckConstraint(condition=Q(dark_theme__in=themes.DARK_THEMES), name="preference_dark_exists"),
            models.CheckConstraint(condition=Q(motion__in=themes.MOTIONS), name="preference_motion_exists"),
            models.CheckConstraint(condition=Q(clock__in=["12", "24"]), name="preference_clock_exists"),
            models.CheckConstraint(condition=Q(week_start__in=[1, 6, 7]), name="preference_week_start_exists"),
        ]

    def __str__(self) -> str:
        return f"{self.mode}, {self.light_theme}, {self.dark_theme}"

    @property
    def theme(self) -> themes.Theme:
        return themes.Theme(self.mode, self.light_theme, self.dark_theme, self.motion)


class DevicePreference(models.Model):
    """The mode that one device keeps, whatever the account says: "this screen stays dark"."""

    device = models.OneToOneField("sessions_app.Device", models.CASCADE, related_name="+")
    mode = models.CharField(max_length=10, choices=Mode.choices)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(mode__in=themes.MODES), name="device_preference_mode_exists"),
        ]

    def __str__(self) -> str:
        return self.mode
