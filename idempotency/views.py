"""The policy that the hall publishes about idempotency keys."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from idempotency import services
from idempotency.keys import LENGTH_MAX
from idempotency.policies import BODY_MAX
from idempotency.requests import WAIT_MAX_SECONDS


@login_not_required
@require_safe
def policy(request: HttpRequest) -> HttpResponse:
    context = {
        "hours": int(services.RETENTION.total_seconds() // 3600),
        "lease_seconds": int(services.LEASE.total_seconds()),
        "length_max": LENGTH_MAX,
        "body_max": BODY_MAX,
        "wait_max": WAIT_MAX_SECONDS,
    }
    return render(request, "idempotency/policy.html", context)
