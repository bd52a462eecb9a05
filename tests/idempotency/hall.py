"""A small hall behind keys: views, operations and a procedure whose effects are rows and charges that tests count."""

import http.client
import json
import os

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI, Router, Schema, Status

from config.urls import urlpatterns as real_pages
from idempotency.decorators import idempotent, idempotent_event
from idempotency.models import Record
from idempotency.phases import Ended, Procedure, inside, outside
from idempotency.routes import guarded_router
from idempotency.services import Answer
from sessions_app.models import SecurityEvent
from tests.faults.processes import LOOPBACK

PROVIDER = "PROVIDER_PORT"


def effects(note: str = "") -> int:
    """Count what really happened."""
    rows = SecurityEvent.objects.filter(note__startswith="effect")
    return (rows.filter(note=f"effect {note}") if note else rows).count()


@transaction.atomic(durable=True)
def leave_effect(*, note: str) -> SecurityEvent:
    return SecurityEvent.objects.create(kind=SecurityEvent.Kind.SIGNED_IN, user=None, note=f"effect {note}")


def after_commit(what: str) -> None:
    """A named point between the commit of an effect and the answer."""


def before_work(what: str) -> None:
    """A named point between the claim and any effect."""


# --- Plain views ------------------------------------------------------------------------------------------


def _act(request, note="act"):
    before_work(note)
    row = leave_effect(note=note)
    after_commit(note)
    return row


@idempotent(required=True)
def strict(request):
    row = _act(request)
    response = JsonResponse({"id": row.pk}, status=201)
    response["Location"] = f"/acts/{row.pk}"
    response.set_cookie("secret", "of the first answer")
    return response


@idempotent()
def easy(request):
    return JsonResponse({"id": _act(request).pk}, status=201)


@idempotent()
def form(request):
    row = _act(request)
    messages.success(request, f"Done: {row.pk}")
    return HttpResponseRedirect(f"/acts/{row.pk}")


@idempotent(wait_seconds=0)
def hasty(request):
    return HttpResponseRedirect(f"/acts/{_act(request).pk}")


@idempotent()
def status(request, code):
    """Answer with a status and change nothing."""
    before_work("status")
    SecurityEvent.objects.filter(pk=0).exists()
    _Asked.count += 1
    return HttpResponse(f"asked {_Asked.count}", status=code)


@idempotent()
def status_after_effect(request, code):
    return HttpResponse(f"effect {_act(request).pk}", status=code)


@idempotent()
def raises(request, what):
    if what == "after":
        leave_effect(note="raises")
    _Asked.count += 1
    if what == "404":
        raise Http404("no such thing")
    raise RuntimeError("it broke")


@idempotent()
def alone(request):
    """Write without a transaction of its own: one statement that commits by itself."""
    SecurityEvent.objects.create(kind=SecurityEvent.Kind.SIGNED_IN, user=None, note="effect alone")
    after_commit("alone")
    return HttpResponse("alone")


@idempotent(body_max=10)
def large(request):
    leave_effect(note="large")
    return HttpResponse("x" * 11)


class _Asked:
    count = 0


@csrf_exempt
@login_not_required
@idempotent_event(source="acquirer", event_id=lambda request: request.headers["Webhook-Id"])
def event(request):
    leave_effect(note="event")
    return JsonResponse({"ok": True})


# --- A procedure ------------------------------------------------------------------------------------------


def reserve(state):
    row = SecurityEvent.objects.create(kind=SecurityEvent.Kind.SIGNED_IN, user=None, note="effect reserved")
    return {"reserved": row.pk}


def charge(state, key):
    there = http.client.HTTPConnection(LOOPBACK, int(os.environ[PROVIDER]), timeout=20)
    there.request("POST", "/charges", json.dumps({"cents": state["cents"]}), {"Idempotency-Key": key})
    answer = there.getresponse()
    body = json.loads(answer.read())
    there.close()
    if answer.status == 402:
        raise Ended(Answer(Record.Answer.KEPT, 402, {"Content-Type": "text/plain"}, b"The card was declined."))
    if answer.status != 200:
        raise ConnectionError(f"the provider says {answer.status}")
    return {"charge": body["charge"]}


def book(state):
    SecurityEvent.objects.create(kind=SecurityEvent.Kind.SIGNED_IN, user=None, note=f"effect booked {state['charge']}")


def receipt(state):
    body = json.dumps({"charge": state["charge"], "cents": state["cents"]}).encode()
    return Answer(Record.Answer.KEPT, 201, {"Content-Type": "application/json"}, body)


PAY = Procedure(
    "tests.pay",
    # Looked up when they run, so that a child process can be stopped at them.
    inside("started", lambda state: reserve(state)),
    outside("reserved", lambda state, key: charge(state, key)),
    inside("charged", lambda state: book(state)),
    answer=lambda state: receipt(state),
)


@csrf_exempt
@login_not_required
@idempotent(required=True)
def pay(request):
    kept = receipt(PAY.run(state={"cents": json.loads(request.body)["cents"]}))
    return HttpResponse(kept.body, status=kept.status, headers=kept.headers)


@csrf_exempt
@login_not_required
@idempotent(required=True)
def pay_softly(request):
    """Say in plain words what goes wrong, as a page does."""
    try:
        PAY.run(state={"cents": json.loads(request.body)["cents"]})
    except ConnectionError:
        return HttpResponse("Try again later.", status=503)
    except Ended as ended:
        return HttpResponse(ended.answer.body, status=ended.answer.status)
    return HttpResponse("Paid.", status=201)


def show_form(request):
    return render(request, "idempotency/policy.html")


# --- Operations of django-ninja ---------------------------------------------------------------------------

api = NinjaAPI(urls_namespace="tests-api", docs_url=None, openapi_url=None)


class ActIn(Schema):
    note: str


def signed_in(request):
    return request.user if request.user.is_authenticated else None


@api.post("/acts", auth=signed_in, response={201: dict})
@idempotent(required=True)
def create_act(request, body: ActIn):
    if body.note == "break":
        raise RuntimeError("it broke")
    return Status(201, {"id": leave_effect(note=body.note).pk})


@api.patch("/acts/{act_id}", auth=signed_in)
@idempotent()
def change_act(request, act_id: int, body: ActIn):
    return {"id": act_id, "row": leave_effect(note=body.note).pk}


router = Router()


@router.post("/guarded", auth=signed_in)
def create_guarded(request, body: ActIn):
    return {"id": leave_effect(note=body.note).pk}


api.add_router("", guarded_router(router, policies={}))


operations, app_name, namespace = api.urls
for pattern in operations:
    # Each operation asks for itself who may.
    login_not_required(pattern.callback)


def plain(view):
    return csrf_exempt(login_not_required(view))


urlpatterns = [
    path("strict", plain(strict)),
    path("easy", plain(easy)),
    path("easy/<int:number>", plain(idempotent()(lambda request, number: JsonResponse({"id": _act(request).pk})))),
    path("form", plain(form)),
    path("hasty", plain(hasty)),
    path("status/<int:code>", plain(status)),
    path("effect-status/<int:code>", plain(status_after_effect)),
    path("raises/<str:what>", plain(raises)),
    path("alone", plain(alone)),
    path("large", plain(large)),
    path("event", event),
    path("pay", pay),
    path("pay-softly", pay_softly),
    path("tests-api/", (operations, app_name, namespace)),
    path("", include(real_pages)),
]
handler404 = "config.views.page_not_found"
handler500 = "config.views.server_error"
handler400 = "config.views.bad_request"
handler403 = "config.views.permission_denied"
