"""What each page shows of this app: its theme, the small control, and moments as people say them."""

from datetime import date, datetime, timedelta

from django import template
from django.template import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from preferences import themes
from preferences.middleware import carried, theme_of_cookie

register = template.Library()

MODES = {"system": "System", "light": "Light", "dark": "Dark"}
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def _theme(context: Context) -> themes.Theme:
    request = context.get("request")
    if request is None:
        # A page for when something is away or garbled is told; a mail is not.
        theme = context.get("theme")
        return theme if isinstance(theme, themes.Theme) else themes.DEFAULT
    # Pages that are answered before the middleware ran, and those for when a part is away, know the cookie only.
    return getattr(request, "theme", None) or theme_of_cookie(request)


@register.simple_tag(takes_context=True)
def shown_theme(context: Context) -> themes.Theme:
    """Return the theme that the page has."""
    return _theme(context)


@register.simple_tag(takes_context=True)
def theme_attributes(context: Context) -> SafeString:
    """Return the attributes of `<html>` that say which theme the page has."""
    theme = _theme(context)
    return format_html(
        'data-theme="{}" data-light-theme="{}" data-dark-theme="{}" data-motion="{}"',
        theme.mode,
        theme.light,
        theme.dark,
        theme.motion,
    )


@register.inclusion_tag("preferences/_theme_control.html", takes_context=True)
def theme_control(context: Context) -> dict[str, object]:
    """Show the current mode and the way to another one; a plain form."""
    request = context["request"]
    mine = carried(request)
    mode = _theme(context).mode
    return {
        "mode": mode,
        "mode_name": MODES[mode],
        "modes": MODES.items(),
        "version": mine["version"] if mine else "",
        # The address of a form's answer takes no GET.
        "here": request.get_full_path() if request.method in ("GET", "HEAD") else "",
    }


@register.simple_tag(takes_context=True)
def moment(context: Context, start: datetime | None, end: datetime | None = None) -> str:
    """Return a `<time>` such as "Sat 28 Nov, 14:00", or "Sat 28 Nov, 14:00–16:00" with an end.

    In the reader's zone and clock; the year shows when it is not this one, the exact time on hover.
    """
    if start is None:
        return ""
    twelve = _clock(context) == "12"
    start = timezone.localtime(start)
    words = f"{_day(start.date())}, {_time(start, twelve)}"
    if end is not None:
        end = timezone.localtime(end)
        words += (
            f"–{_time(end, twelve)}" if end.date() == start.date() else f" – {_day(end.date())}, {_time(end, twelve)}"
        )
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', start.isoformat(), f"{start:%Y-%m-%d %H:%M:%S %Z}", words
    )


@register.simple_tag(takes_context=True)
def ago(context: Context, at: datetime | None) -> str:
    """Return a `<time>` such as "3 minutes ago", and the moment itself once that is more than a day away."""
    if at is None:
        return ""
    passed = timezone.now() - at
    if passed < timedelta(0) or passed >= timedelta(days=1):
        return moment(context, at)
    minutes = passed // timedelta(minutes=1)
    if minutes < 1:
        words = "just now"
    elif minutes < 60:
        words = f"{minutes} minute{'s' if minutes > 1 else ''} ago"
    else:
        words = f"{minutes // 60} hour{'s' if minutes >= 120 else ''} ago"
    local = timezone.localtime(at)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', local.isoformat(), f"{local:%Y-%m-%d %H:%M:%S %Z}", words
    )


def _clock(context: Context) -> str:
    request = context.get("request")
    mine = carried(request) if request is not None and hasattr(request, "user") else None
    return mine["clock"] if mine else "24"


def _day(day: date) -> str:
    year = "" if day.year == timezone.localdate().year else f" {day.year}"
    return f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}{year}"


def _time(at: datetime, twelve: bool) -> str:
    if not twelve:
        return f"{at:%H:%M}"
    return f"{at.hour % 12 or 12}:{at:%M} {'am' if at.hour < 12 else 'pm'}"
