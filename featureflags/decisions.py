"""What code asks: is this on, which variant. Looked up in the snapshot of this process; never raises.

featureflags.enabled("new_home", request)
featureflags.variant("layout", request, default="wide")
featureflags.value("page_size", request, default=30)
"""

import contextlib
import copy
import functools
import hashlib
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import structlog
from django.http import Http404, HttpRequest, HttpResponse

from featureflags import snapshot
from featureflags.evaluation.engine import DEVICE_KEY, PERSON_KEY, Decision, evaluate
from featureflags.tally import tally

log = structlog.get_logger(__name__)

Subject = Any
_overrides: dict[str, Any] = {}


def decide(key: str, subject: Subject = None) -> Decision:
    """Return the whole decision about a request, a person, a context, or nobody."""
    if key in _overrides:
        return Decision("override", _overrides[key], "STATIC")
    try:
        flags = getattr(subject, "flag_snapshot", None) or snapshot.current()
        flag = flags.flags.get(key)
        context = context_of(subject, uses_device=flag is not None and flag.uses_device)
        decision = evaluate(flags.flags, key, context, time.time())
        if flag is not None:
            tally.note(
                key, decision.variant or "", str(context.get(PERSON_KEY, ""))[:200], decision.reason, decision.rule
            )
    except Exception as error:  # a flag must never take the page down
        log.exception("flag_not_decided", flag=key)
        return Decision(None, None, "ERROR", error="GENERAL", details=type(error).__name__)
    if decision.error == "INVALID_CONTEXT":
        log.warning("flag_context_refused", flag=key, details=decision.details)
    return decision


def now_for(request: HttpRequest) -> dict[str, dict[str, Any]]:
    """Return what every flag is for whoever asks, by key, in the order of the keys; none of it counts as a use.

    A browser that has no device yet gets none: only pages set cookies.
    """
    held = getattr(request, "flag_snapshot", None) or snapshot.current()
    context = context_of(request, uses_device=getattr(request, "device_token", None) is not None)
    moment, found = time.time(), {}
    for key in sorted(held.flags):
        decision = evaluate(held.flags, key, context, moment)
        said = {"value": decision.value, "variant": decision.variant, "reason": decision.reason}
        found[key] = {"key": key, "type": held.flags[key].plain["type"], **said}
    return found


def enabled(key: str, subject: Subject = None, *, default: bool = False) -> bool:
    """Tell whether a boolean flag is on; `default` when there is no such flag or no answer."""
    value = decide(key, subject).value
    return value if isinstance(value, bool) else default


def value(key: str, subject: Subject = None, *, default: Any = None) -> Any:
    """Return the value of the variant; `default` when there is no answer or one of another type."""
    found = decide(key, subject).value
    if found is None or (default is not None and not _same_type(found, default)):
        return default
    # The snapshot is everybody's: whoever changes what they got changes their own.
    return copy.deepcopy(found) if isinstance(found, dict | list) else found


def variant(key: str, subject: Subject = None, *, default: str = "") -> str:
    """Return the name of the variant; `default` when there is no such flag or no answer."""
    found = decide(key, subject)
    return str(found.value) if found.variant == "override" else found.variant or default


def _same_type(found: Any, default: Any) -> bool:
    if isinstance(default, bool) or isinstance(found, bool):
        return isinstance(default, bool) and isinstance(found, bool)
    if isinstance(default, int | float):
        return isinstance(found, int | float)
    # A template's own text is a subclass of str.
    return isinstance(found, str if isinstance(default, str) else type(default))


def required(key: str, *, default: bool = False) -> Callable[..., Any]:
    """Make a view that is not there (404) for those whose flag is off."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @functools.wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not enabled(key, request, default=default):
                raise Http404(f"{key} is off")
            return view(request, *args, **kwargs)

        return wrapped

    return decorate


@contextlib.contextmanager
def override_flag(key: str, value: Any) -> Iterator[None]:
    """Let a flag have this value in the block or the decorated test, in every thread; nests."""
    before = _overrides.copy()
    _overrides[key] = value
    try:
        yield
    finally:
        _overrides.clear()
        _overrides.update(before)


# --- Who is asked about -----------------------------------------------------------------------------------


def context_of(subject: Subject, *, uses_device: bool = False) -> Mapping[str, Any]:
    """Return the context of a request, a person or a mapping; with a device only where a flag sticks to one."""
    if subject is None:
        return {}
    if isinstance(subject, Mapping):
        return subject
    if isinstance(subject, HttpRequest):
        return _context_of_request(subject, uses_device)
    return _person(subject)


def _person(user: Any) -> dict[str, Any]:
    if user.pk is None:
        return {}
    joined = {"joined_at": user.joined_at.isoformat()} if getattr(user, "joined_at", None) else {}
    return {PERSON_KEY: str(user.pk), "email": user.email, "staff": user.is_staff} | joined


def _context_of_request(request: HttpRequest, uses_device: bool) -> dict[str, Any]:
    user = getattr(request, "user", None)
    # Someone may sign in or out halfway through a request.
    person = user.pk if user is not None else None
    held = getattr(request, "_flag_context", None)
    if held is None or held[0] != person:
        client = getattr(request, "client", None)
        context = _person(user) if person is not None else {}
        context["language"] = request.headers.get("Accept-Language", "")[:2].lower()
        if client is not None and client.address:
            context["address"] = client.address
        held = (person, context)
        request._flag_context = held  # type: ignore[attr-defined]
    if uses_device and DEVICE_KEY not in held[1]:
        held[1][DEVICE_KEY] = _device(request)
    return held[1]


def _device(request: Any) -> str:
    """Return a name for the browser. One that has none yet gets the hall's device cookie with this answer."""
    token = getattr(request, "device_token", None)
    if token is None:
        token = request.device_token = request.new_device_token = secrets.token_urlsafe(32)
    # Never the token itself, which is a credential.
    return hashlib.sha256(f"flags:{token}".encode()).hexdigest()[:32]
