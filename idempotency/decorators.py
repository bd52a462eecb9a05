"""Once, however often it is asked: the decorators for views, API operations, tasks and inbound events.

@require_POST
@idempotent()
def share_pay(request, share_id): ...

@router.post("/shares/{share_id}/payments")
@idempotent(required=True)
def create_payment(request, share_id: int, body: PaymentIn): ...

@shared_task
@idempotent_task()
def close_month(month_id): ...

@csrf_exempt
@require_POST
@signature_required
@idempotent_event(source="acquirer", event_id=lambda request: request.headers["Webhook-Id"])
def acquirer_event(request): ...
"""

import functools
import json
import time
from collections.abc import Callable
from typing import Any, cast

from celery import current_task
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.urls import get_resolver, get_urlconf
from django.utils import timezone
from ninja.operation import Operation
from ninja.utils import contribute_operation_callback

from idempotency import answers, claims, fingerprints, keys, metrics, requests, services
from idempotency.claims import Claim, LeaseLost
from idempotency.models import Record
from idempotency.policies import STANDARD, Policy
from idempotency.services import Scope

View = Callable[..., HttpResponseBase]

PAUSE_SECONDS = 0.02
PAUSE_MAX_SECONDS = 0.25
OPEN_CLAIM = "_idempotency_claim"


class KeyReused(ValueError):
    """A task was rung with the key of another one's arguments: a fault of ours."""


def idempotent(policy: Policy | None = None, **rules: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a view or an API operation have its effects once for each key; `rules` are the fields of `Policy`."""
    chosen = policy or Policy(**rules)

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def once(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return respond_once(request, lambda: view(request, *args, **kwargs), chosen)

        once.idempotency = chosen  # type: ignore[attr-defined]
        # Used only when django-ninja takes this function as an operation.
        contribute_operation_callback(once, functools.partial(join_operation, view=view, policy=chosen))
        return once

    return decorate


# --- A request --------------------------------------------------------------------------------------------


def respond_once(request: HttpRequest, call: Callable[[], HttpResponseBase], policy: Policy) -> HttpResponseBase:
    """Answer with what `call` returns, or with what an earlier request of the same key was answered."""
    found = _begin(request, policy)
    if not isinstance(found, Claim):
        return call() if found is None else found
    said = answers.waiting_messages(request)
    response: HttpResponseBase | None = None
    try:
        with services.held_until_settled(claim=found, retention=policy.retention):
            response = _called(request, call)
    except LeaseLost:
        # Nothing of this transaction was committed; somebody else has the key.
        response = None
    return _settle(request, found, response, policy, said)


def _called(request: HttpRequest, call: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Return the whole answer, as it is sent: rendered, and the page of a 404 that was raised."""
    try:
        response = call()
    except Http404 as error:
        return get_resolver(get_urlconf()).resolve_error_handler(404)(request, exception=error)  # type: ignore[call-arg]
    if isinstance(response, SimpleTemplateResponse):
        response = response.render()
    return response


def _begin(request: HttpRequest, policy: Policy) -> Claim | HttpResponseBase | None:
    """Return the claim to work under, or the answer that is there already, or None to work without a key."""
    if request.method not in requests.UNSAFE or claims.held() is not None:
        return None
    try:
        key = requests.key_of(request)
    except keys.MalformedKey as error:
        return answers.malformed(request, str(error))
    if key is None:
        return answers.missing(request) if policy.required else None
    caller = requests.caller_of(request)
    if caller is None or (caller.startswith("browser:") and not policy.strangers):
        return None
    scope = requests.scope_of(request, caller=caller, key=key)
    return _claim_or_answer(request, scope, requests.fingerprint_of(request, scope), policy)


def _claim_or_answer(
    request: HttpRequest, scope: Scope, fingerprint: bytes, policy: Policy
) -> Claim | HttpResponseBase:
    asked = requests.wait_of(request)
    patience: float = (policy.wait_seconds if requests.by_form(request) else 0) if asked is None else asked
    until, pause = time.monotonic() + patience, PAUSE_SECONDS
    while True:
        found = services.claim(scope=scope, fingerprint=fingerprint, lease=policy.lease, retention=policy.retention)
        if isinstance(found, Claim):
            metrics.count("taken_over" if found.fence > 1 else "executed")
            return found
        if bytes(found.fingerprint) != fingerprint:
            metrics.count("mismatch")
            return answers.mismatch(request)
        if found.completed_at or services.is_over(record=found):
            metrics.count("replayed")
            response = answers.replay(request, found, policy)
            if asked is not None:
                response["Preference-Applied"] = f"wait={asked}"
            return response
        if time.monotonic() >= until:
            metrics.count("conflict")
            return answers.outstanding(request)
        time.sleep(min(pause, max(until - time.monotonic(), 0)))
        pause = min(pause * 1.5, PAUSE_MAX_SECONDS)


def _settle(
    request: HttpRequest,
    claim: Claim,
    response: HttpResponseBase | None,
    policy: Policy,
    said_before: list[list[object]],
) -> HttpResponseBase:
    """Keep the answer, or give the key back; answer by the record when the claim was lost on the way."""
    if response is None or claim.lost:
        metrics.count("lease_lost")
        record = Record.objects.filter(pk=claim.record_id).first()
        if record is None or not record.completed_at:
            return answers.outstanding(request)
        return answers.replay(request, record, policy)
    keeps = response.status_code in policy.kept and not answers.leads_to_an_entrance(response)
    if keeps or not services.release(claim=claim):
        said = [message for message in answers.waiting_messages(request) if message not in said_before]
        services.finish(claim=claim, answer=answers.keep(response, policy, said), retention=policy.retention)
    return response


# --- An operation of django-ninja -------------------------------------------------------------------------


def join_operation(operation: Operation, *, view: Callable[..., Any], policy: Policy) -> None:
    """Claim after authentication and validation, where the operation's function is called; keep the response.

    So a replay is for those who may ask, and what ninja itself refuses never takes a key.
    """

    @functools.wraps(view)
    def claimed(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        found = _begin(request, policy)
        if not isinstance(found, Claim):
            return view(request, *args, **kwargs) if found is None else found
        setattr(request, OPEN_CLAIM, found)
        with claims.holding(found):
            return view(request, *args, **kwargs)

    def settled(run: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @functools.wraps(run)
        def respond(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
            response: HttpResponseBase | None = None
            try:
                response = run(request, **kwargs)
            except LeaseLost:
                response = None
            finally:
                claim = request.__dict__.pop(OPEN_CLAIM, None)
                if claim is not None and response is None:
                    services.let_go(claim=claim, retention=policy.retention)
            return cast(HttpResponseBase, response) if claim is None else _settle(request, claim, response, policy, [])

        return respond

    claimed.idempotency = policy  # type: ignore[attr-defined]
    operation.view_func = claimed
    # Listed, so that a router that is mounted twice wraps each of its copies.
    operation.run = settled(operation.run)  # type: ignore[method-assign]
    operation._run_decorators = [*getattr(operation, "_run_decorators", []), settled]  # type: ignore[attr-defined]


# --- A task -----------------------------------------------------------------------------------------------


def idempotent_task(
    *, key: Callable[..., str] | None = None, policy: Policy = STANDARD
) -> Callable[[Callable[..., Any]], Callable[..., None]]:
    """Let a task have its effects once for each key; without one, once for the same arguments.

    A ring that finds the work done is dropped; one that finds it in somebody's hands comes back after the lease,
    because the hands may be a dead worker's. What raised before it had an effect may be rung again.
    """

    def decorate(work: Callable[..., Any]) -> Callable[..., None]:
        route = f"{work.__module__}.{work.__qualname__}"

        @functools.wraps(work)
        def once(*args: Any, **kwargs: Any) -> None:
            body = json.loads(json.dumps([args, kwargs]))
            fingerprint = fingerprints.digest(method="TASK", route=route, address="", body=body)
            name = keys.parse(key(*args, **kwargs)) if key else fingerprint.hex()
            found = services.claim(
                scope=Scope(caller="task", method="TASK", route=route, key=name),
                fingerprint=fingerprint,
                lease=policy.lease,
                retention=policy.retention,
            )
            if not isinstance(found, Claim):
                _drop_or_wait(found, fingerprint)
                return
            metrics.count("taken_over" if found.fence > 1 else "executed")
            with services.held_until_settled(claim=found, retention=policy.retention):
                work(*args, **kwargs)
            services.finish(claim=found, answer=services.Answer(Record.Answer.KEPT, 200), retention=policy.retention)

        once.idempotency = policy  # type: ignore[attr-defined]
        return once

    return decorate


def _drop_or_wait(record: Record, fingerprint: bytes) -> None:
    """Drop a ring whose work is done; ring again after the lease when the holder may be dead."""
    if bytes(record.fingerprint) != fingerprint:
        metrics.count("mismatch")
        raise KeyReused(f"the key {record.key} of {record.route} belongs to other arguments")
    if record.completed_at or services.is_over(record=record):
        metrics.count("replayed")
        return
    metrics.count("conflict")
    if current_task and not current_task.request.called_directly:
        left = (record.lease_expires_at - timezone.now()).total_seconds()
        raise current_task.retry(countdown=min(max(left, 1), 60), max_retries=None)


# --- An inbound event -------------------------------------------------------------------------------------


def idempotent_event(
    *, source: str, event_id: Callable[[HttpRequest], str], policy: Policy = STANDARD
) -> Callable[[View], View]:
    """Let a webhook that somebody sends us have its effects once for each event id, whatever it looks like again.

    Stands below the check of the signature: an id that anybody can write down protects nothing.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def once(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                key = keys.parse(event_id(request))
            except (keys.MalformedKey, KeyError) as error:
                return answers.malformed_event(str(error))
            request.__dict__[requests.PROGRAM] = True
            scope = Scope(caller=f"webhook:{source}", method="EVENT", route=source, key=key)
            # Only the id counts: a sender may sign or order the same event anew.
            fingerprint = fingerprints.digest(method="EVENT", route=source, address="", body=key)
            found = _claim_or_answer(request, scope, fingerprint, policy)
            if not isinstance(found, Claim):
                return found
            response: HttpResponseBase | None = None
            try:
                with services.held_until_settled(claim=found, retention=policy.retention):
                    response = _called(request, lambda: view(request, *args, **kwargs))
            except LeaseLost:
                response = None
            return _settle(request, found, response, policy, [])

        once.idempotency = policy  # type: ignore[attr-defined]
        return cast(View, once)

    return decorate
