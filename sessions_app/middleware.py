"""Who a request comes from: the session that its cookie names, and the person behind it."""

import re
from datetime import timedelta

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth import middleware as django_auth
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions import middleware as django_sessions
from django.contrib.sessions.exceptions import SessionInterrupted
from django.http import HttpResponse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

from sessions_app import clients
from sessions_app.engine import PRIVILEGES_KEY, SessionStore
from sessions_app.models import User, token_hash
from sessions_app.requests import Request

log = structlog.get_logger(__name__)

# What `secrets.token_urlsafe(32)` makes: anything else was not issued here.
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
TOKEN_COOKIES = (settings.SESSION_COOKIE_NAME, settings.DEVICE_COOKIE_NAME)
DEVICE_COOKIE_AGE = timedelta(days=400)  # the longest that browsers keep a cookie (RFC 6265bis, section 5.5)
CLEAR_SITE_DATA = '"cache", "storage"'  # not "cookies": the device and the theme outlive the session


def issued(cookie: str | None) -> str | None:
    """Return the cookie's value if it could be a token of ours."""
    return cookie if cookie is not None and TOKEN.fullmatch(cookie) else None


class SessionMiddleware(django_sessions.SessionMiddleware):
    def process_request(self, request: Request) -> None:  # type: ignore[override]
        request.client = clients.Client(
            address=clients.client_address(
                request.META.get("REMOTE_ADDR", ""),
                request.headers.get("X-Forwarded-For", ""),
                settings.TRUSTED_PROXIES,
            ),
            user_agent=clients.clean_user_agent(request.headers.get("User-Agent", "")),
        )
        cookie = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
        token = issued(cookie)
        if cookie is not None and token is None:
            log.warning("session_cookie_foreign", token_hash=token_hash(cookie).hex()[:16])
        device = request.COOKIES.get(settings.DEVICE_COOKIE_NAME)
        request.session, request.device_token = SessionStore(token), issued(device)
        # From here on nothing that copies a request (an error report, allauth's suspended requests, which go into
        # the session row) can write the tokens down.
        request.META["HTTP_COOKIE"] = "; ".join(
            f"{name}={value}" for name, value in request.COOKIES.items() if name not in TOKEN_COOKIES
        )
        request.session.client = request.client

    def process_response(self, request: Request, response: HttpResponse) -> HttpResponse:  # type: ignore[override]
        session = getattr(request, "session", None)
        if session is None:
            return response
        signed_in = session.accessed and SESSION_KEY in session
        if signed_in and response.status_code < 500:
            session.touch(timezone.now())
        # The browser has a newer token, or is about to get it: neither a removal nor an empty session may replace that.
        if not getattr(session, "was_renewed", False) or SESSION_KEY in session:
            response = super().process_response(request, response)
        if signed_in and not response.has_header("Cache-Control"):
            patch_cache_control(response, no_store=True, private=True)
        if getattr(request, "signed_out", False):
            response["Clear-Site-Data"] = CLEAR_SITE_DATA
        device_token = getattr(request, "new_device_token", None)
        if device_token is not None:
            response.set_cookie(
                settings.DEVICE_COOKIE_NAME,
                device_token,
                max_age=DEVICE_COOKIE_AGE,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response


class AuthenticationMiddleware(django_auth.AuthenticationMiddleware):
    """Set `request.user`, and refuse a session that Postgres no longer knows as alive.

    The one statement that loads the person also asks whether the session row still stands and which version it
    has, so a revocation holds at once whatever Redis remembers, at no extra query.
    """

    def process_request(self, request: Request) -> None:  # type: ignore[override]
        request.user = SimpleLazyObject(lambda: _cached_user(request))  # type: ignore[assignment]

        async def auser() -> User | AnonymousUser:
            return await sync_to_async(_cached_user)(request)

        request.auser = auser


def _cached_user(request: Request) -> User | AnonymousUser:
    if not hasattr(request, "_cached_user"):
        request._cached_user = _load_user(request)
    return request._cached_user


def _load_user(request: Request) -> User | AnonymousUser:
    session = request.session
    if SESSION_KEY not in session or session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return AnonymousUser()
    user = User.objects.behind_session(
        user_id=session[SESSION_KEY], session_hash=session.token_hash, now=timezone.now()
    )
    if user is None or not _is_renewed(session, user):
        log.info("session_refused", token_hash=session.token_hash.hex()[:16])
        session.abandon()
        return AnonymousUser()
    return user


def _is_renewed(session: SessionStore, user: User) -> bool:
    """Bring the session up to what its row and its person say now; return False when it may not go on."""
    try:
        if not _password_unchanged(session, user):
            return False
        if user.session_version != session.version and not session.modified:
            session.reload()
        if session.get(PRIVILEGES_KEY) != user.privileges:
            session.cycle_key()
            session[PRIVILEGES_KEY] = user.privileges
    except SessionInterrupted:
        return False
    # Not when it was read again, and had ended since.
    return SESSION_KEY in session


def _password_unchanged(session: SessionStore, user: User) -> bool:
    """Compare the session's hash of the password; renew it when it was made with an older secret key."""
    held = session.get(HASH_SESSION_KEY, "")
    if constant_time_compare(held, user.get_session_auth_hash()):
        return True
    if any(constant_time_compare(held, old) for old in user.get_session_auth_fallback_hash()):
        session.cycle_key()
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        return True
    return False
