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

    Locks the person, so that two sign-ins at once cannot both take the last place, and then the sessions by primary
    key, the caller's own (`keep_session_id`) with them, as everybody does who locks more than one.
    """
    list(User.objects.select_for_update(no_key=True).filter(pk=user_id).values_list("pk"))
    now = timezone.now()
    active = Session.objects.active(now).filter(user_id=user_id).exclude(pk=keep_session_id or 0).newest_first()
    surplus = list(active.values_list("pk", flat=True)[settings.SESSION_MAX_PER_PERSON - 1 :])
    if not surplus:
        return
    locked = Session.objects.select_for_update(no_key=True).filter(pk__in=[*surplus, keep_session_id or 0])
    # One that somebody else ended while we waited for it is theirs to tell.
    ended = [row for row in locked.order_by("pk") if row.pk != keep_session_id and row.revoked_at is None]
    Session.objects.filter(pk__in=[row.pk for row in ended]).update(
        revoked_at=now, revoked_because=Session.Reason.LIMIT
    )
    hashes = [bytes(row.token_hash) for row in ended]
    transaction.on_commit(lambda: cache.drop(hashes), robust=True)
    if ended:
        signals.session_displaced.send(sender=Session, user_id=user_id, sessions=ended)
