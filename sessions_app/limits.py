"""How long a session lasts, and how many a person may have."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from sessions_app import cache, signals
from sessions_app.models import Session, User


def is_staff(privileges: str) -> bool:
    """Tell from `User.privileges`, as a session keeps it, whether the limits of operators hold."""
    return privileges[:2] not in ("", "00")


def expiries(
    *, staff: bool, seconds: int | None, fixed: datetime | None, created_at: datetime, now: datetime
) -> tuple[datetime, datetime]:
    """Return the moments at which a signed-in session ends when idle, and at the latest.

    `seconds` is what `set_expiry` was given (0 or None: not remembered); `fixed` is a moment given to it.
    """
    role = "staff" if staff else "remembered" if seconds or fixed else "member"
    idle, absolute = settings.SESSION_LIMITS[role]
    latest = created_at + absolute
    if fixed is not None:
        latest = min(latest, fixed)
    if seconds:
        idle = min(idle, timedelta(seconds=seconds))
    return min(now + idle, latest), latest


def make_room(*, user_id: int, keep_session_id: int | None) -> None:
    """End the oldest sessions of a person so that one more fits; joins the caller's transaction.

    Locks the person, so that two sign-ins at once cannot both take the last place.
    """
    list(User.objects.select_for_update(no_key=True).filter(pk=user_id).values_list("pk"))
    now = timezone.now()
    active = Session.objects.active(now).filter(user_id=user_id).exclude(pk=keep_session_id or 0).newest_first()
    surplus = list(active[settings.SESSION_MAX_PER_PERSON - 1 :])
    if not surplus:
        return
    Session.objects.filter(pk__in=[row.pk for row in surplus], revoked_at=None).update(
        revoked_at=now, revoked_because=Session.Reason.LIMIT
    )
    hashes = [bytes(row.token_hash) for row in surplus]
    transaction.on_commit(lambda: cache.drop(hashes), robust=True)
    signals.session_displaced.send(sender=Session, user_id=user_id, sessions=surplus)
