"""Who asks the JSON API: the person behind a token (RFC 6750), or the one who is signed in here.

Reading needs the scope `read`, anything else `write`. A request that carries an Authorization field is judged by that
alone, whatever cookies came with it. Both count towards the limit of the person.
"""

from typing import Any, NamedTuple

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.http import HttpRequest
from django_redis import get_redis_connection
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from lib import rate_limits
from lib.breaker import Breaker
from lib.problems import Refused
from sessions_app import services
from sessions_app.models import ApiToken, User
from sessions_app.requests import Request

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
REALM = 'Bearer realm="Guildhall"'
NEEDS_SESSION = "The person has to do this where they are signed in; a token cannot."

_redis = Breaker(lambda: get_redis_connection("default"), event="limits_away")


class Credential(NamedTuple):
    """What a request may do, and for whom; `token` is None for somebody who is signed in here."""

    user: User
    token: ApiToken | None

    @property
    def scopes(self) -> list[str]:
        return list(ApiToken.Scope.values) if self.token is None else self.token.scopes


class ApiRequest(Request):
    """The type of a request that passed: for annotations, never made."""

    auth: Credential


class BearerToken(HttpBearer):
    """`Authorization: Bearer gh_...`, an API token."""

    openapi_description = (
        "An API token, made on the page *API tokens*. Reading needs the scope `read`, the rest `write`."
    )

    def __call__(self, request: HttpRequest) -> Credential | None:
        field = request.headers.get("Authorization")
        if field is None:
            return None
        scheme, _, plain = field.partition(" ")
        if scheme.lower() != "bearer":
            raise _unauthorised("Send an API token: `Authorization: Bearer gh_…`.")
        return self.authenticate(request, plain.strip())

    def authenticate(self, request: HttpRequest, token: str) -> Credential:
        row = services.authenticate_token(plain=token)
        if row is None:
            raise _unauthorised("This token is unknown, expired or revoked.", error="invalid_token")
        credential = Credential(row.user, row)
        _become(request, credential)
        scope = ApiToken.Scope.READ if request.method in SAFE_METHODS else ApiToken.Scope.WRITE
        if scope not in row.scopes:
            raise Refused(
                403,
                f"This token has not the scope `{scope}`.",
                type="/api/docs#insufficient-scope",
                headers={"WWW-Authenticate": f'{REALM}, error="insufficient_scope", scope="{scope}"'},
            )
        return credential


class SignedIn(APIKeyCookie):
    """The session of somebody who is signed in at the hall, as the hall's own pages use it."""

    param_name = settings.SESSION_COOKIE_NAME
    openapi_description = "The session cookie of a browser; what changes something needs `X-CSRFToken` besides."

    def __call__(self, request: HttpRequest) -> Credential | None:
        return self.authenticate(request, None)

    def authenticate(self, request: HttpRequest, key: str | None) -> Credential | None:
        if not request.user.is_authenticated:
            return None
        # Before the person is counted: another site must not use up what they may ask.
        if check_csrf(request):
            raise Refused(403, "Send the page's token in `X-CSRFToken`.", type="/api/docs#csrf")
        credential = Credential(request.user, None)
        _become(request, credential)
        return credential


def unauthorised() -> Refused:
    """Return the refusal for a request that says nothing about who sent it."""
    return _unauthorised("Send an API token: `Authorization: Bearer gh_…`.")


def _unauthorised(detail: str, *, error: str = "") -> Refused:
    challenge = f'{REALM}, error="{error}"' if error else REALM
    return Refused(401, detail, headers={"WWW-Authenticate": challenge})


def _become(request: HttpRequest, credential: Credential) -> None:
    """Let the rest of the request, its log line and its limit be those of this person."""
    request.user = request._cached_user = credential.user  # type: ignore[attr-defined]
    subject = f"token:{credential.token.pk}" if credential.token else f"user:{credential.user.pk}"
    count(request, rate_limits.Limit("person", *settings.API_LIMIT_PERSON), subject)


def count(request: HttpRequest, limit: rate_limits.Limit, subject: str) -> None:
    """Count this request; refuse it when there were too many. What is left is told with the answer."""
    standing = rate_limits.spend(_redis, limit, subject)
    if standing is None:
        return
    request.rate_limit = standing  # type: ignore[attr-defined]
    if not standing.allowed:
        raise Refused(
            429,
            f"At most {limit.quota} requests in {limit.seconds} seconds. Wait {standing.retry_after} seconds.",
            headers={"Retry-After": str(standing.retry_after)},
        )


def require_recent_proof(request: ApiRequest, *, token_may: bool) -> None:
    """Ask of a session what the pages ask: a sign-in within the last minutes. Refuse tokens unless they may."""
    if request.auth.token is None:
        _recently_proven(request)
    elif not token_may:
        raise Refused(403, NEEDS_SESSION, type="/api/docs#session-required")


@reauthentication_required
def _recently_proven(request: Any) -> None: ...
