"""OFREP: flags for programs."""

import time

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from featureflags import ofrep, snapshot
from featureflags.decisions import decide
from featureflags.evaluation.engine import evaluate


@csrf_exempt
@login_not_required
@require_POST
@ofrep.answering
def evaluate_one(request: HttpRequest, *, key: str) -> HttpResponse:
    context = ofrep.context_in(request)
    return ofrep.one(key, decide(key, context), snapshot.current().version)


@csrf_exempt
@login_not_required
@require_POST
@ofrep.answering
def evaluate_all(request: HttpRequest) -> HttpResponse:
    context = ofrep.context_in(request)
    held, now = snapshot.current(), time.time()
    answers = [ofrep.told(key, evaluate(held.flags, key, context, now), held.version) for key in sorted(held.flags)]
    return ofrep.many(request, answers)
