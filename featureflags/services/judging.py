"""Whether a change may stand: with everything else that holds, and with the moment."""

from typing import Any

import structlog
from django.utils import timezone

from featureflags.evaluation import consistency, definitions, operators
from featureflags.evaluation.engine import compile_flags
from featureflags.models import Flag, Segment
from featureflags.services.errors import DefinitionRefused

log = structlog.get_logger(__name__)

State = dict[str, Any]


def check_whole(*, flag: Flag | None = None, segment: Segment | None = None) -> None:
    """Refuse what does not hold together with everything else; needs the locked stamp."""
    flags = {each.key: each.plain for each in Flag.objects.active()}
    segments = {each.key: each.plain for each in Segment.objects.order_by("key")}
    # A row that somebody broke by hand must not keep the others from being killed.
    readable = compile_flags([(plain, False) for plain in flags.values()], segments.values(), broken=_leave_out)
    flags = {key: plain for key, plain in flags.items() if key in readable}
    if flag is not None:
        flags.pop(flag.key, None)
        flags |= {flag.key: flag.plain} if flag.archived_at is None else {}
    if segment is not None:
        segments[segment.key] = segment.plain
    try:
        consistency.check(flags, segments)
    except definitions.Refused as error:
        raise DefinitionRefused(error.field, error.reason) from error


def _leave_out(key: str, error: Exception) -> None:
    log.warning("flag_left_out", key=key, error=repr(error)[:200])


def refuse_past(*, state: State) -> None:
    """Refuse a rule that is over already, unless the flag had it: one that grew old must not keep it from changing."""
    held = Flag.objects.named(str(state.get("key"))).first()
    known = [rule.get("until") for rule in held.rules] if held else []
    rules = state.get("rules")
    for index, rule in enumerate(rules if isinstance(rules, list) else []):
        until = rule.get("until") if isinstance(rule, dict) else None
        end = operators.moment(until)
        if end is not None and until not in known and end <= timezone.now().timestamp():
            raise DefinitionRefused(f"rules[{index}].until", "can never match: it is over already")
