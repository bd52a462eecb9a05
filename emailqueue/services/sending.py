"""By command what the worker does, in this process."""

from collections import Counter

from emailqueue import tasks


def send_due(*, bulk: bool, seconds: float, limit: int | None = None) -> Counter[str]:
    """Send due mail until none is left or the time is over; return how many came to which end."""
    return tasks.delivery.deliver_due(bulk=bulk, seconds=seconds, limit=limit)


def purge(*, limit: int | None = None) -> tuple[int, int]:
    """Delete old contents, then old stories; return how many mails lost which."""
    return tasks.upkeep.purge(limit=limit)


def due_for_purge() -> tuple[int, int]:
    """Count what a purge would empty and delete."""
    return tasks.upkeep.due_for_purge()
