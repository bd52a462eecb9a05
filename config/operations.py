"""The Operations page: what an operator looks at first when something feels slow."""

from typing import NamedTuple

from django.contrib import admin
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from lib import operations as registry
from lib import sparkline
from lib.operations import Figure, State

# Whoever may look at the sessions may look at the counts.
PERMISSION = "sessions_app.view_session"

STATE_WORDS: dict[State, str] = {"": "", "ok": "well", "wait": "look at it", "failed": "needs you"}
CHART_WIDTH = 160
CHART_HEIGHT = 32


class Line(NamedTuple):
    """One figure as the page shows it."""

    label: str
    value: str
    unit: str
    state: State
    chart: sparkline.Chart | None


class Card(NamedTuple):
    slug: str
    title: str
    state: State
    state_words: str
    lines: list[Line] | None


def may_read(request: HttpRequest) -> bool:
    return request.user.is_staff and request.user.has_perm(PERMISSION)


@never_cache
@require_safe
def operations(request: HttpRequest) -> HttpResponse:
    if not may_read(request):
        raise PermissionDenied(
            "Your rights do not reach the Operations page. An operator who manages people can change that."
        )
    cards = [
        Card(
            panel.slug,
            panel.title,
            panel.state,
            STATE_WORDS[panel.state],
            None if panel.figures is None else [_line(figure) for figure in panel.figures],
        )
        for panel in registry.read_all()
    ]
    context = {**admin.site.each_context(request), "title": "Operations", "cards": cards, "read_at": timezone.now()}
    return render(request, "admin/operations.html", context)


def _line(figure: Figure) -> Line:
    chart = None
    if figure.series is not None and len(figure.series.values) > 1:
        chart = sparkline.draw(figure.series.values, span=figure.series.span, width=CHART_WIDTH, height=CHART_HEIGHT)
    value, unit = _in_words(figure)
    return Line(figure.label, value, unit, figure.state, chart)


def _in_words(figure: Figure) -> tuple[str, str]:
    """Return the value and its unit as people read them: 7.4 MB, 3 h 12 min, 1,204 rows."""
    if figure.value is None:
        return "never", ""
    if isinstance(figure.value, str):
        return figure.value, figure.unit
    if figure.unit == "bytes":
        number, _, unit = filesizeformat(figure.value).partition("\N{NO-BREAK SPACE}")
        return number, unit
    if figure.unit in {"s", "s ago"}:
        return _duration(figure.value), figure.unit.removeprefix("s").strip()
    return intcomma(figure.value), figure.unit


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:g} s"
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86400)
    if days:
        return f"{days} d {hours % 24} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
