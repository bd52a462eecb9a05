"""What moderators do about who wrote something: a warning, silence or a limit for some days; each is an act.

Of a limit its person is not told; of all else there is a mail.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from comments.models import Act, Appeal, Comment, Curb, Discussion, Limit, Mute
from comments.services.errors import Muted, NotPossible, ParentGone
from comments.services.subscriptions import thread_of
from emailqueue import services as emailqueue
from sessions_app.models import User

log = structlog.get_logger(__name__)

Kind = Act.Kind

CURBS: dict[str, type[Curb]] = {Kind.MUTE: Mute, Kind.LIMIT: Limit}
ENDS: dict[str, Kind] = {Kind.MUTE: Kind.UNMUTE, Kind.LIMIT: Kind.UNLIMIT}

SUBJECTS = {
    Kind.HIDE: "A moderator hid what you wrote",
    Kind.REMOVE: "A moderator removed what you wrote",
    Kind.WARN: "A moderator has a word with you",
    Kind.MUTE: "You cannot write for a while",
    Kind.UNMUTE: "You can write again",
}


@transaction.atomic(durable=True)
def act_on_author(*, comment_id: int, kind: str, reason: str, by: User, days: int | None = None) -> Act:
    """Warn, mute or limit who wrote a comment, the latter two for some days from now; `by` may moderate.

    A later mute or limit takes the place of an earlier one. Raise ParentGone, NotPossible.
    """
    row = Comment.objects.filter(pk=comment_id).first()
    if row is None:
        raise ParentGone("This comment is not here any more.")
    act = Act(thread_id=row.thread_id, comment=row, person_id=row.author_id, kind=kind, reason=reason, by=by)
    return _act_on_person(act, days)


@transaction.atomic(durable=True)
def act_on_opener(*, discussion_id: int, kind: str, reason: str, by: User, days: int | None = None) -> Act:
    """Do the same about who opened a discussion. Raise ParentGone, NotPossible."""
    row = Discussion.objects.filter(pk=discussion_id).first()
    if row is None:
        raise ParentGone("This discussion is not here any more.")
    return _act_on_person(
        Act(thread=thread_of(thing=row), person_id=row.author_id, kind=kind, reason=reason, by=by), days
    )


def _act_on_person(act: Act, days: int | None) -> Act:
    if act.person_id is None:
        raise ParentGone("Who wrote it is not here any more.")
    if act.person_id == act.by_id:
        raise NotPossible("It is your own.")
    act.save(force_insert=True)
    if act.kind in CURBS:
        until = act.created_at + timedelta(days=days or 1)
        defaults = {"until_at": until, "reason": act.reason, "act": act}
        CURBS[act.kind].objects.update_or_create(user_id=act.person_id, defaults=defaults)
    tell(act=act)
    return act


@transaction.atomic(durable=True)
def unmute(*, user_id: int, reason: str, by: User) -> bool:
    """Let somebody write again; return False when they could."""
    return end_curb(kind=Kind.MUTE, user_id=user_id, reason=reason, by=by)


@transaction.atomic(durable=True)
def unlimit(*, user_id: int, reason: str, by: User) -> bool:
    """Let others see at once what somebody says from now on; return False when they did."""
    return end_curb(kind=Kind.LIMIT, user_id=user_id, reason=reason, by=by)


def end_curb(*, kind: str, user_id: int, reason: str, by: User) -> bool:
    """End a mute or a limit inside of the caller's transaction; return False when there was none."""
    rows = CURBS[kind].objects.select_for_update(no_key=True, of=("self",)).select_related("act")
    curb = rows.filter(user=user_id).first()
    # The clock after the lock: before it, another may have ended it a moment later than that.
    now = timezone.now()
    if curb is None or curb.until_at <= now:
        return False
    curb.until_at = now
    curb.save(update_fields=["until_at"])
    about = {"thread_id": curb.act.thread_id, "person_id": user_id}
    tell(act=Act.objects.create(**about, kind=ENDS[kind], reason=reason, by=by))
    return True


def refuse_muted(*, by: User) -> None:
    """Raise Muted while a moderator lets `by` say nothing."""
    mute = Mute.objects.standing(timezone.now()).filter(user=by).first()
    if mute is not None:
        refuse_until(until=mute.until_at, why=mute.reason)


def refuse_until(*, until: datetime | None, why: str | None) -> None:
    """Raise Muted when there is a moment until which somebody may say nothing."""
    if until is not None:
        raise Muted(f"A moderator lets you write again on {until:%-d %B at %H:%M} UTC. Why: {why}")


def tell(*, act: Act) -> None:
    """Queue a mail to whom an act is about, in the caller's transaction; of some they are not told."""
    if act.person is not None and act.kind not in Act.UNTOLD:
        _mail(act.person, SUBJECTS[Kind(act.kind)], "act", {"act": act}, f"comments.act.{act.pk}")


def tell_decision(*, appeal: Appeal) -> None:
    """Queue a mail to who appealed, in the caller's transaction."""
    words = "Your appeal was granted" if appeal.granted else "Your appeal was declined"
    _mail(appeal.by, words, "decision", {"appeal": appeal}, f"comments.appeal.{appeal.pk}")


def _mail(person: User, words: str, template: str, about: dict[str, Any], key: str) -> None:
    if not person.is_active:
        return
    subject = f"{words} · {settings.HALL_NAME}"
    link = settings.BASE_URL + reverse("comments:acts_mine")
    context = about | {"user": person, "link": link, "hall": settings.HALL_NAME, "subject": subject}
    text, html = (render_to_string(f"comments/email/{template}.{kind}", context) for kind in ("txt", "html"))
    try:
        emailqueue.enqueue(to=[person.email], subject=subject, text=text, html=html, key=key)
    except emailqueue.MailRefused as error:
        log.warning("act_not_mailed", key=key, part=error.part)
