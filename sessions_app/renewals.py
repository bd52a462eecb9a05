"""A session's token is exchanged for a new one: docs/adr/0016-a-renewed-token-opens-nothing.md."""

import base64
import hmac
import secrets
from datetime import timedelta

from django.utils import timezone

from sessions_app.models import Session, token_hash

# Longer than any request that was on its way may take.
NOTICED_FOR = timedelta(minutes=1)


def renew(token: str) -> str | None:
    """Give the session a new token and return it; return None when the old one is dead already."""
    seed = secrets.token_bytes(32)
    new = _successor(token, seed)
    renewed = Session.objects.filter(token_hash=token_hash(token), revoked_at=None).update(
        token_hash=token_hash(new), renewed_from_hash=token_hash(token), renewed_at=timezone.now(), renewal_seed=seed
    )
    return new if renewed else None


def join(token: str, *, session_id: int) -> str | None:
    """Return the token that another request has just given to this same session in exchange for `token`."""
    row = Session.objects.renewed_from(token_hash(token), since=timezone.now() - NOTICED_FOR)
    seed = row.filter(pk=session_id).values_list("renewal_seed", flat=True).first()
    return _successor(token, bytes(seed)) if seed is not None else None


def is_recent(digest: bytes) -> bool:
    """Whether the token with this hash was exchanged by another request just now: the browser has the newer one."""
    return Session.objects.renewed_from(digest, since=timezone.now() - NOTICED_FOR).exists()


def _successor(token: str, seed: bytes) -> str:
    """The token that follows: 256 bits, known to whoever has both the one before it and the row's seed."""
    return base64.urlsafe_b64encode(hmac.digest(seed, token.encode(), "sha256")).decode().rstrip("=")
