"""What Prometheus reads at /metrics: requests by view, and every figure of the Operations page.

Counts of requests live in files that the web processes share (`PROMETHEUS_MULTIPROC_DIR`, set by `config.wsgi`);
figures are read when they are asked for.
"""

import os
import re
from collections.abc import Iterator
from ipaddress import ip_address

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from lib import operations
from sessions_app.clients import Client

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED = "unmatched"
# Seconds. A page should take 0.04 at the median and 0.1 at the 95th percentile.
BUCKETS = (0.005, 0.01, 0.025, 0.04, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

requests_total = Counter("guildhall_requests", "Requests answered.", ["view", "method", "status"])
request_seconds = Histogram("guildhall_request_seconds", "Time to answer.", ["view"], buckets=BUCKETS)


def view_name(request: HttpRequest) -> str:
    """Return the name of the address that a request matched: few values, and no secret among them."""
    match = request.resolver_match
    return (match.view_name or UNMATCHED) if match else UNMATCHED


def count(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    view = view_name(request)
    method = request.method if request.method in METHODS else "other"
    requests_total.labels(view, method, str(response.status_code)).inc()
    request_seconds.labels(view).observe(seconds)


class OperationsCollector:
    """The figures of the Operations page, read at each scrape."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        figures = GaugeMetricFamily("guildhall_figure", "A figure of the Operations page.", labels=["panel", "figure"])
        readable = GaugeMetricFamily("guildhall_panel_up", "Whether a panel could be read.", labels=["panel"])
        for panel in operations.read_all():
            readable.add_metric([panel.slug], float(panel.figures is not None))
            for figure in panel.figures or ():
                if isinstance(figure.value, int | float):
                    figures.add_metric([panel.slug, _slug(figure.label)], float(figure.value))
        yield figures
        yield readable


def _slug(label: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")


def _may_read(request: HttpRequest) -> bool:
    client: Client | None = getattr(request, "client", None)
    address = client.address if client else None
    forwarded = {"X-Forwarded-For", "Forwarded", "X-Real-Ip"} & set(request.headers)
    if address is None or (forwarded and not settings.TRUSTED_PROXIES):
        # A proxy that nobody named: the peer's address says nothing about who asks.
        return False
    return any(ip_address(address) in network for network in settings.METRICS_ALLOWED)


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus; whoever may not read finds nothing here."""
    if not _may_read(request):
        raise Http404
    text = generate_latest(_requests_registry()) + generate_latest(_figures_registry())
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def _requests_registry() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return registry


def _figures_registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(OperationsCollector())
    return registry
