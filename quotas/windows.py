"""Calendar windows: the day on which the day, week or month that a moment lies in began. Plain values in and out."""

from datetime import date, datetime, timedelta, tzinfo
from typing import Literal

Window = Literal["", "day", "week", "month"]
WINDOWS: tuple[Window, ...] = ("", "day", "week", "month")


def window_on(window: Window, now: datetime, zone: tzinfo) -> date | None:
    """Return the first day of the window that `now` lies in, in that zone; None where there are no windows.

    A week begins on Monday, as in ISO 8601.
    """
    today = now.astimezone(zone).date()
    if window == "day":
        return today
    if window == "week":
        return today - timedelta(days=today.weekday())
    return today.replace(day=1) if window == "month" else None


def window_ends_on(window: Window, began_on: date) -> date | None:
    """Return the day after the window's last one."""
    if window == "day":
        return began_on + timedelta(days=1)
    if window == "week":
        return began_on + timedelta(days=7)
    if window == "month":
        return (began_on.replace(day=1) + timedelta(days=32)).replace(day=1)
    return None
