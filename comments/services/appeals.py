"""Appeals: whom an act was about asks another moderator to look again."""

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from comments.models import Act, Appeal, Mute
from comments.services.errors import AlreadyAppealed, NotYours, TooLate
from comments.services.moderation import restore_within, with_things
from comments.services.people import end_curb, tell_decision
from sessions_app.models import User

Kind = Act.Kind

APPEAL_WITHIN = timedelta(days=30)


@transaction.atomic(durable=True)
def appeal(*, act_id: int, text: str, by: User) -> Appeal:
    """Ask another moderator to look at an act again. Raise NotYours, TooLate, AlreadyAppealed."""
    act = Act.objects.filter(pk=act_id, person=by, kind__in=Act.APPEALABLE).first()
    if act is None:
        raise NotYours("Only whom it was about can appeal.")
    if timezone.now() - act.created_at > APPEAL_WITHIN:
        raise TooLate("That was more than thirty days ago.")
    row = Appeal(act=act, by=by, text=text)
    Appeal.objects.bulk_create([row], ignore_conflicts=True)
    found = Appeal.objects.get(act=act)
    if found.created_at != row.created_at:
        raise AlreadyAppealed("You appealed already; once is all there is.")
    return found


@transaction.atomic(durable=True)
def decide_appeal(*, appeal_id: int, granted: bool, answer: str, by: User) -> Appeal:
    """Grant an appeal, which takes the act back, or decline it; `by` may moderate, and neither acted nor appealed.

    An act that another one followed has no effect left to take back. What was decided stays. Raise NotYours,
    NotPossible.
    """
    row = Appeal.objects.select_for_update(no_key=True, of=("self",)).select_related("act__thread").get(pk=appeal_id)
    if row.decided_at:
        return row
    act = row.act
    if by.pk in {act.by_id, row.by_id} and not by.is_superuser:
        raise NotYours("Another moderator decides about what you did, and about what was done to you.")
    if granted and act.kind in {Kind.HIDE, Kind.REMOVE}:
        restore_within(act=act, reason=answer, by=by)
    if granted and act.kind == Kind.MUTE and act.person_id and Mute.objects.filter(act=act).exists():
        end_curb(kind=Kind.MUTE, user_id=act.person_id, reason=answer, by=by)
    row.decided_at, row.decided_by, row.granted, row.answer = timezone.now(), by, granted, answer
    row.save(update_fields=["decided_at", "decided_by", "granted", "answer"])
    tell_decision(appeal=row)
    return row


def open_appeals() -> QuerySet[Appeal]:
    """Return the appeals that wait."""
    return Appeal.objects.open().select_related("act__comment", "act__thread", "act__by", "by")


def acts_about(*, user: User) -> QuerySet[Act]:
    """Return what moderators did to somebody and to what they wrote."""
    return (
        Act.objects.filter(person=user).exclude(kind__in=(Kind.KEEP, *Act.UNTOLD)).select_related("comment", "thread")
    )


def with_appeals(*, acts: Iterable[Act]) -> list[Act]:
    """Return the same acts, each with what it is `about`, its `appeal` or None, and whether there may be one."""
    acts = with_things(acts=acts)
    appeals = {row.act_id: row for row in Appeal.objects.filter(act__in=acts)}
    oldest = timezone.now() - APPEAL_WITHIN
    for act in acts:
        act.appeal = appeals.get(act.pk)
        act.may_appeal = act.kind in Act.APPEALABLE and act.created_at > oldest and act.appeal is None
    return acts
