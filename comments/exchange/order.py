"""Records in an order in which each can be taken in when it comes."""

from collections.abc import Callable, Iterable, Iterator

from comments.exchange.records import CommentRecord, Fault, Record


def in_order(records: Iterable[Record | Fault], known: Callable[[str], bool]) -> Iterator[Record | Fault]:
    """Yield each record after what it hangs on; what hangs on nothing that is there comes last, as a fault.

    `known(key)` tells whether something of that key was taken before. What comes too early waits in memory.
    """
    seen: set[str] = set()
    waiting: dict[str, list[CommentRecord]] = {}

    def is_there(key: str) -> bool:
        return key in seen or known(key)

    for record in records:
        if isinstance(record, CommentRecord):
            missing = next((key for key in (record.discussion, record.parent) if key and not is_there(key)), None)
            if missing:
                waiting.setdefault(missing, []).append(record)
                continue
        freed = [record]
        while freed:
            each = freed.pop(0)
            yield each
            if isinstance(each, Fault):
                continue
            seen.add(each.key)
            for late in waiting.pop(each.key, []):
                missing = next((key for key in (late.discussion, late.parent) if key and not is_there(key)), None)
                if missing:
                    waiting.setdefault(missing, []).append(late)
                else:
                    freed.append(late)
    for key, late_ones in waiting.items():
        for late in late_ones:
            yield Fault(late.place, f"What it hangs on is not there: {key}.")
