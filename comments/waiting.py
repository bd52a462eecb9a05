"""What of talk waits for a person on the home page."""

from django.urls import reverse

from comments import services
from lib.waiting import Wait
from sessions_app.models import User

WORDS = {"reported": "reported", "held": "held", "pending": "pending", "appeals": "appealed against"}


def waits(user: User) -> list[Wait]:
    """Return what waits in the queues, for moderators who are staff: asking others for it would cost statements."""
    if not (user.is_staff and user.has_perm("comments.moderate")):
        return []
    counts = {name: count for name, count in services.waiting_counts().items() if count}
    if not counts:
        return []
    total = sum(counts.values())
    said = ", ".join(f"{count:,} {WORDS[name]}" for name, count in counts.items())
    return [
        Wait(
            title=f"{total:,} {'waits' if total == 1 else 'wait'} for a moderator",
            sentence=f"{said.capitalize()}. What waits longest comes first.",
            act="Open the queue",
            url=f"{reverse('comments:queue')}?queue={next(iter(counts))}",
        )
    ]
