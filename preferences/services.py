"""Every write about preferences, and what a session carries of them."""

from typing import Any, TypedDict

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from preferences import themes
from preferences.models import DevicePreference, Preference
from sessions_app import services as sessions
from sessions_app.models import Device, User


class PreferenceError(Exception):
    """A rule of this app refused the request; the message is for the person."""


class StaleChoice(PreferenceError): ...


class UnknownDevice(PreferenceError): ...


class Carried(TypedDict):
    """What a session keeps, so that a page needs no query; `profile` says how fresh it is."""

    profile: int
    version: int
    theme: list[str]
    device_mode: str | None
    clock: str
    week_start: int


def read(*, user: User, device_id: int | None) -> Carried:
    """Return what a session of that person on that device should carry, in one query."""
    row = Preference.objects.with_device_mode(device_id or 0).filter(user=user).first() or Preference(user=user)
    return Carried(
        profile=user.profile_version,
        version=row.version,
        theme=list(row.theme),
        device_mode=getattr(row, "device_mode", None),
        clock=row.clock,
        week_start=row.week_start,
    )


@transaction.atomic(durable=True)
def change_preferences(
    *, user_id: int, version: int, device_id: int | None, device_mode: str | None, time_zone: str, **changes: Any
) -> Preference:
    """Keep all that the appearance page asks; return the row as it is then.

    `version` is the one that the form was made from: raise StaleChoice when a newer choice was made since.
    `device_mode` is what that device keeps for itself (None: nothing): raise UnknownDevice when it is not theirs.
    """
    _lock_person(user_id)
    row = _change(user_id=user_id, version=version, changes=changes)
    sessions.change_time_zone(user_id=user_id, time_zone=time_zone)
    if device_id is not None:
        _keep_on_device(user_id=user_id, device_id=device_id, mode=device_mode)
    return row


@transaction.atomic(durable=True)
def choose_mode(*, user_id: int, device_id: int | None, version: int, mode: str) -> Preference:
    """Show a mode from now on: here only, where this device keeps its own, else everywhere. Raise StaleChoice."""
    _lock_person(user_id)
    override = DevicePreference.objects.filter(device_id=device_id or 0, device__user_id=user_id)
    if not override.exists():
        return _change(user_id=user_id, version=version, changes={"mode": mode})
    row = _change(user_id=user_id, version=version, changes={})
    override.update(mode=mode)
    return row


@transaction.atomic(durable=True)
def adopt_theme(*, user_id: int, theme: themes.Theme) -> bool:
    """Take over what somebody chose before they signed in; return False when the account has a choice of its own."""
    _lock_person(user_id)
    _ensure_row(user_id)
    taken = Preference.objects.filter(user_id=user_id, theme_chosen_at=None).update(
        mode=theme.mode,
        light_theme=theme.light,
        dark_theme=theme.dark,
        motion=theme.motion,
        version=F("version") + 1,
        theme_chosen_at=timezone.now(),
        changed_at=timezone.now(),
    )
    if taken:
        sessions.note_profile_change(user_id=user_id)
    return bool(taken)


def _lock_person(user_id: int) -> None:
    """Lock the person before their preferences, as the whole project does: each change is noted on both."""
    list(User.objects.select_for_update(no_key=True).filter(pk=user_id).values_list("pk"))


def _ensure_row(user_id: int) -> None:
    Preference.objects.bulk_create([Preference(user_id=user_id)], ignore_conflicts=True)


def _change(*, user_id: int, version: int, changes: dict[str, Any]) -> Preference:
    _ensure_row(user_id)
    now = timezone.now()
    if {"mode", "light_theme", "dark_theme"} & changes.keys():
        changes = changes | {"theme_chosen_at": now}
    fresh = Preference.objects.filter(user_id=user_id, version=version)
    if not fresh.update(version=F("version") + 1, changed_at=now, **changes):
        raise StaleChoice(
            "You changed this somewhere else meanwhile. Here is what holds now; choose again if you like."
        )
    sessions.note_profile_change(user_id=user_id)
    return Preference.objects.get(user_id=user_id)


def _keep_on_device(*, user_id: int, device_id: int, mode: str | None) -> None:
    if not Device.objects.filter(pk=device_id, user_id=user_id).exists():
        raise UnknownDevice("That device is not one of yours.")
    if mode is None:
        DevicePreference.objects.filter(device_id=device_id).delete()
    else:
        DevicePreference.objects.update_or_create(device_id=device_id, defaults={"mode": mode})
