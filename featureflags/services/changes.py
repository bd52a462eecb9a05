"""Every change of a flag or a segment: one locked stamp, one checked whole, one row of history."""

from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_date

from featureflags import signals
from featureflags.evaluation import definitions
from featureflags.evaluation.bucketing import SCALE
from featureflags.evaluation.wording import differences
from featureflags.models import DEFINED_BY, Flag, FlagChange, Segment, Stamp
from featureflags.services.errors import DefinitionRefused, NoSuchFlag, ReasonMissing, StaleVersion
from featureflags.services.judging import check_whole, refuse_past
from featureflags.services.people import with_addresses
from featureflags.snapshot import store
from sessions_app.models import User

Act = FlagChange.Act
State = dict[str, Any]
TAGS_MAX = 20
ROLLOUT = "Rollout"


@transaction.atomic(savepoint=False)
def save_flag(
    *, state: State, version: int | None, why: str, by: User | None, act: str = "", undoes: FlagChange | None = None
) -> Flag:
    """Create or change the flag that `state` names; return it. `version` is what the caller saw, None for a new one.

    Raise DefinitionRefused (with the field), StaleVersion, ReasonMissing. Locks the stamp, then the flag.
    """
    stamp = _lock_stamp()
    clean = _normal(state)
    flag = Flag.objects.select_for_update(no_key=True).filter(key=clean["key"]).first()
    if (flag.version if flag else None) != version:
        raise StaleVersion("Somebody changed this flag meanwhile. Look at what holds now, and change it again.")
    before = flag.state if flag else None
    if flag is None:
        flag = Flag(version=0)
    elif flag.type != clean["type"]:
        raise DefinitionRefused("type", f"stays {flag.type}: code that asks for this flag relies on it")
    if before == clean:
        return flag
    now = timezone.now()
    for name in (*DEFINED_BY, "description", "owner", "tags", "permanent"):
        setattr(flag, name, clean[name])
    flag.ends_on = parse_date(clean["ends_on"]) if clean["ends_on"] else None
    flag.killed_at = (flag.killed_at or now) if clean["killed"] else None
    flag.archived_at = (flag.archived_at or now) if clean["archived"] else None
    flag.version, flag.changed_at = flag.version + 1, now
    check_whole(flag=flag)
    flag.save()
    _record(act or (Act.CHANGED if before else Act.CREATED), flag, before, clean, why, by, undoes)
    _count_up(stamp)
    return flag


def _normal(state: State) -> State:
    known = {*DEFINED_BY, "description", "owner", "tags", "ends_on", "permanent", "killed", "archived"}
    unknown = sorted(str(name)[:40] for name in set(state) - known)
    if unknown:
        raise DefinitionRefused("flag", f"has no {', '.join(unknown[:5])}")
    try:
        clean = definitions.flag({name: state[name] for name in DEFINED_BY if name in state})
    except definitions.Refused as error:
        raise DefinitionRefused(error.field, error.reason) from error
    for index, rule in enumerate(clean["rules"]):
        rule["people"] = _ids(rule["people"], f"rules[{index}].people")
    tags = state.get("tags") or []
    ends_on = state.get("ends_on") or None
    if not isinstance(tags, list) or len(tags) > TAGS_MAX or not all(_short(tag, 40) and tag.strip() for tag in tags):
        raise DefinitionRefused("tags", f"are at most {TAGS_MAX} words of at most 40 characters")
    for name, most in (("description", 400), ("owner", 80)):
        if not _short(state.get(name) or "", most):
            raise DefinitionRefused(name, f"is text of at most {most} characters")
    for name in ("permanent", "killed", "archived"):
        if not isinstance(state.get(name, False), bool):
            raise DefinitionRefused(name, "must be true or false")
    return clean | {
        "description": state.get("description") or "",
        "owner": state.get("owner") or "",
        "tags": list(dict.fromkeys(tag.strip() for tag in tags)),
        "ends_on": _day(ends_on),
        "permanent": state.get("permanent", False),
        "killed": state.get("killed", False),
        "archived": state.get("archived", False),
    }


def _short(value: Any, most: int) -> bool:
    return isinstance(value, str) and len(value) <= most and definitions.storable(value)


def _day(value: Any) -> str | None:
    if value is None:
        return None
    try:
        day = parse_date(value) if isinstance(value, str) else None
    except ValueError:
        day = None
    if day is None:
        raise DefinitionRefused("ends_on", "must be a day such as 2026-11-28")
    return day.isoformat()


def _ids(people: list[str], field: str) -> list[str]:
    """Return ids for mail addresses, so that a changed address does not lose its person; other names stay."""
    wanted = {name.lower() for name in people if "@" in name}
    if not wanted:
        return people
    known = {email.lower(): str(pk) for pk, email in with_addresses(addresses=wanted).values_list("pk", "email")}
    unknown = sorted(wanted - known.keys())
    if unknown:
        raise DefinitionRefused(field, f"nobody has the mail address {', '.join(unknown[:5])}")
    return list(dict.fromkeys(known.get(name.lower(), name) for name in people))


def _lock_stamp() -> Stamp:
    Stamp.objects.bulk_create([Stamp()], ignore_conflicts=True)
    return Stamp.objects.select_for_update(no_key=True).get()


def _record(
    act: str,
    row: Flag | Segment,
    before: State | None,
    after: State,
    why: str,
    by: User | None,
    undoes: FlagChange | None = None,
) -> None:
    why = why.strip()
    if not why or not _short(why, 300):
        raise ReasonMissing("Say why, in at most 300 characters: the history keeps it.")
    kind = {"flag": row} if isinstance(row, Flag) else {"segment": row}
    change = FlagChange.objects.create(
        act=act, before=before, after=after, diff=differences(before, after), why=why, by=by, undoes=undoes, **kind
    )
    signals.flag_changed.send(sender=FlagChange, change=change)


def _count_up(stamp: Stamp) -> None:
    stamp.version += 1
    stamp.save()
    version = stamp.version
    transaction.on_commit(lambda: store.announce(version), robust=True)


def _held(key: str) -> Flag:
    try:
        return Flag.objects.named(key).get()
    except ObjectDoesNotExist as error:
        raise NoSuchFlag(f"There is no flag {key[:80]!r}.") from error


def _change(key: str, act: str, changes: State, *, why: str, by: User | None, version: int | None) -> bool:
    _lock_stamp()
    flag = _held(key)
    wanted = flag.state | changes
    if wanted == flag.state:
        return False
    save_flag(state=wanted, version=flag.version if version is None else version, why=why, by=by, act=act)
    return True


@transaction.atomic(durable=True)
def change_flag(*, state: State, version: int | None, why: str, by: User | None) -> Flag:
    """Create or change one flag in a transaction of its own; as `save_flag`.

    Refuse a rule that is over already, unless the flag had it: an undo or an import may bring one back.
    """
    refuse_past(state=state)
    return save_flag(state=state, version=version, why=why, by=by)


@transaction.atomic(durable=True)
def kill_flag(*, key: str, why: str, by: User | None) -> bool:
    """Serve `off` to everybody at once, whatever version anybody saw; return False when it was killed already."""
    return _change(key, Act.KILLED, {"killed": True}, why=why, by=by, version=None)


@transaction.atomic(durable=True)
def restore_flag(*, key: str, why: str, by: User | None) -> bool:
    """Let a killed flag decide again; return False when it did."""
    return _change(key, Act.RESTORED, {"killed": False}, why=why, by=by, version=None)


@transaction.atomic(durable=True)
def archive_flag(*, key: str, why: str, by: User | None, archived: bool = True) -> bool:
    """Put a flag away, or take it back; refused while another flag needs it. Return False when it was so already."""
    act = Act.ARCHIVED if archived else Act.REVIVED
    return _change(key, act, {"archived": archived}, why=why, by=by, version=None)


@transaction.atomic(durable=True)
def roll_out_flag(*, key: str, share: int, why: str, by: User | None, variant: str = "") -> bool:
    """Give `variant` to a share (of 100,000) of the people whom no rule before takes.

    Without `variant` a boolean flag rolls out its `true`. The rule is the one named Rollout, made when missing.
    """
    _lock_stamp()
    flag = _held(key)
    on = [name for name, value in flag.variants.items() if value is True]
    serve = variant or (on[0] if on else "")
    if serve not in flag.variants:
        raise DefinitionRefused("variant", f"must be one of {', '.join(flag.variants)}")
    rules = [dict(rule) for rule in flag.rules]
    rollout = next((rule for rule in rules if rule["name"] == ROLLOUT and "serve" in rule), None)
    if rollout is None:
        rollout = {"name": ROLLOUT}
        rules.append(rollout)
    rollout |= {"serve": serve, "share": share}
    if not 0 <= share <= SCALE:
        raise DefinitionRefused("share", "must be from 0 % to 100 %")
    rules = definitions.flag(flag.plain | {"rules": rules})["rules"]
    return _change(key, Act.ROLLED_OUT, {"rules": rules}, why=why, by=by, version=None)


@transaction.atomic(durable=True)
def change_segment(*, state: State, version: int | None, why: str, by: User | None) -> Segment:
    """Create or change one segment; errors and locks as `save_flag`."""
    return save_segment(state=state, version=version, why=why, by=by)


@transaction.atomic(savepoint=False)
def save_segment(
    *, state: State, version: int | None, why: str, by: User | None, act: str = "", undoes: FlagChange | None = None
) -> Segment:
    """Create or change the segment that `state` names, in the caller's transaction."""
    stamp = _lock_stamp()
    try:
        clean = definitions.segment({name: value for name, value in state.items() if name != "description"})
    except definitions.Refused as error:
        raise DefinitionRefused(error.field, error.reason) from error
    if not _short(state.get("description") or "", 400):
        raise DefinitionRefused("description", "is text of at most 400 characters")
    clean |= {"people": _ids(clean["people"], "people"), "description": state.get("description") or ""}
    # The stamp is lock enough: nothing else writes to segments.
    segment = Segment.objects.filter(key=clean["key"]).first()
    if (segment.version if segment else None) != version:
        raise StaleVersion("Somebody changed this segment meanwhile. Look at what holds now, and change it again.")
    before = segment.state if segment else None
    if segment is not None and before == clean:
        return segment
    segment = segment or Segment(version=0)
    for name, value in clean.items():
        setattr(segment, name, value)
    segment.version, segment.changed_at = segment.version + 1, timezone.now()
    check_whole(segment=segment)
    segment.save()
    _record(act or (Act.CHANGED if before else Act.CREATED), segment, before, clean, why, by, undoes)
    _count_up(stamp)
    return segment


@transaction.atomic(durable=True)
def undo_change(*, change_id: int, why: str, by: User | None) -> Flag | Segment:
    """Bring back what held before a change, as one more change; a creation is undone by archiving.

    Raise StaleVersion when newer changes stand on it that touched the same fields, DefinitionRefused when what held
    then does not hold together with what holds now.
    """
    _lock_stamp()
    change = FlagChange.objects.select_related("flag", "segment").get(pk=change_id)
    row: Any = change.flag or change.segment
    before, now = change.before, row.state
    if before is None:
        if change.segment_id:
            raise DefinitionRefused("segment", "a segment stays; empty what uses it instead")
        before = change.after | {"archived": True}
    touched = [name for name in change.after if before.get(name) != change.after[name]]
    if any(now[name] != change.after[name] for name in touched):
        raise StaleVersion("A later change stands on this one. Undo that one first.")
    state = now | {name: before[name] for name in touched}
    save = save_flag if change.flag_id else save_segment
    return save(state=state, version=row.version, why=why, by=by, act=Act.UNDONE, undoes=change)
