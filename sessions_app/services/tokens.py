"""API tokens."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from sessions_app.clients import Client
from sessions_app.models import ApiToken, SecurityEvent, User, token_hash
from sessions_app.services.errors import ExpiryInThePast, NoScopes, TooManyTokens
from sessions_app.services.events import record

Kind = SecurityEvent.Kind

TOKEN_PREFIX = "gh_"  # noqa: S105  (secret scanners find leaked tokens by it)
TOKENS_MAX = 50


@transaction.atomic(durable=True)
def create_token(
    *, user_id: int, name: str, scopes: list[str], expires_at: datetime | None, client: Client | None = None
) -> tuple[ApiToken, str]:
    """Make an API token; return the row and the token itself, which nobody can read again.

    Raise TooManyTokens, ExpiryInThePast or NoScopes.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user_id)
    if expires_at is not None and expires_at <= timezone.now():
        raise ExpiryInThePast("Choose an expiry that lies ahead.")
    if not scopes:
        raise NoScopes("Choose at least one thing that the token may do.")
    if ApiToken.objects.active().filter(user=user).count() >= TOKENS_MAX:
        raise TooManyTokens(f"You have {TOKENS_MAX} tokens, which is the most. Revoke one that you do not use.")
    plain = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        token_hash=token_hash(plain),
        hint=plain[:9],
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
    )
    record(kind=Kind.TOKEN_CREATED, user=user, client=client, by=user, note=name)
    return token, plain


@transaction.atomic(durable=True)
def revoke_token(*, token_id: int, by: User, client: Client | None = None) -> bool:
    """Revoke an API token; return False when it was revoked already."""
    if not ApiToken.objects.filter(pk=token_id, revoked_at=None).update(revoked_at=timezone.now()):
        return False
    token = ApiToken.objects.select_related("user").get(pk=token_id)
    record(kind=Kind.TOKEN_REVOKED, user=token.user, client=client, by=by, note=token.name)
    return True


def authenticate_token(*, plain: str) -> ApiToken | None:
    """Return the active token of an active person, noting its use at most once a minute; else None."""
    if not plain.startswith(TOKEN_PREFIX):
        return None
    now = timezone.now()
    token = (
        ApiToken.objects.active(now)
        .filter(token_hash=token_hash(plain), user__is_active=True)
        .select_related("user")
        .first()
    )
    minute_ago = now - timedelta(minutes=1)
    if token is not None and (token.last_used_at is None or token.last_used_at <= minute_ago):
        stale = Q(last_used_at=None) | Q(last_used_at__lte=minute_ago)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    return token
