"""What moderators set for a whole thread: locked, looked at before others see it, on top of the noticeboard."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from comments.models import Act, Discussion, Thread
from comments.services.subscriptions import thread_of
from sessions_app.models import User

Kind = Act.Kind

# Which moment an act sets or clears.
MOMENTS: Mapping[str, tuple[str, bool]] = {
    Kind.LOCK: ("locked_at", True),
    Kind.UNLOCK: ("locked_at", False),
    Kind.BEFORE: ("premoderated_at", True),
    Kind.AFTER: ("premoderated_at", False),
}


@transaction.atomic(durable=True)
def act_on_thread(*, thread_id: int, kind: str, reason: str, by: User) -> bool:
    """Lock or unlock a thread, or let moderators look before or after others see; `by` may moderate.

    Return False when it was so.
    """
    name, begins = MOMENTS[kind]
    rows: Any = Thread.objects.filter(pk=thread_id, **{f"{name}__isnull": begins})
    changed = rows.update(**{name: timezone.now() if begins else None})
    if changed:
        Act.objects.create(thread_id=thread_id, kind=kind, reason=reason, by=by)
    return bool(changed)


@transaction.atomic(durable=True)
def set_pin(*, discussion_id: int, kind: str, reason: str, by: User) -> bool:
    """Pin a discussion on top of the noticeboard, or unpin it; return False when it was so."""
    begins = kind == Kind.PIN
    rows = Discussion.objects.filter(pk=discussion_id, pinned_at__isnull=begins)
    changed = rows.update(pinned_at=timezone.now() if begins else None)
    if changed:
        thread = thread_of(thing=Discussion(pk=discussion_id))
        Act.objects.create(thread=thread, kind=kind, reason=reason, by=by)
    return bool(changed)
