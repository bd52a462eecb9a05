"""People: open and closed accounts, and changes that their sessions must notice."""

from collections.abc import Sequence

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import F

from sessions_app import signals
from sessions_app.clients import Client
from sessions_app.models import SecurityEvent, Session, User
from sessions_app.services.events import record
from sessions_app.services.sessions import end_other_sessions, revoke

Kind = SecurityEvent.Kind


@transaction.atomic(durable=True)
def deactivate_user(*, user_id: int, by: User | None) -> bool:
    """Close an account and end all its sessions; return False when it was closed already."""
    if not User.objects.active().filter(pk=user_id).update(is_active=False):
        return False
    user = User.objects.get(pk=user_id)
    revoke(rows=Session.objects.filter(user=user), by=by, reason=Session.Reason.DEACTIVATED)
    record(kind=Kind.DEACTIVATED, user=user, by=by)
    signals.sessions_ended.send(sender=Session, user_id=user_id, reason=Session.Reason.DEACTIVATED)
    return True


@transaction.atomic(durable=True)
def reactivate_user(*, user_id: int, by: User | None) -> bool:
    """Open a closed account again; return False when it was open."""
    if not User.objects.filter(pk=user_id, is_active=False).update(is_active=True):
        return False
    record(kind=Kind.REACTIVATED, user=User.objects.get(pk=user_id), by=by)
    return True


@transaction.atomic(savepoint=False)
def note_privilege_change(*, user_id: int, by: User | None) -> None:
    """Make each session of a person renew its token at its next request, because their rights changed."""
    User.objects.filter(pk=user_id).update(privilege_version=F("privilege_version") + 1)
    record(kind=Kind.PRIVILEGES_CHANGED, user=User.objects.get(pk=user_id), by=by)


@transaction.atomic(savepoint=False)
def note_group_change(*, group_ids: Sequence[int], by: User | None) -> None:
    """Note a change of rights for each member of the groups."""
    members = User.objects.filter(groups__in=group_ids).order_by("pk").distinct()
    # By primary key, because each change locks its person.
    for user_id in members.values_list("pk", flat=True):
        note_privilege_change(user_id=user_id, by=by)


@transaction.atomic(savepoint=False)
def delete_groups(*, group_ids: Sequence[int], by: User | None) -> None:
    """Delete groups; their members lose what the groups gave them, and each of their sessions its token."""
    # The people before the groups, as whoever puts a person into a group.
    note_group_change(group_ids=group_ids, by=by)
    Group.objects.filter(pk__in=group_ids).delete()


@transaction.atomic(savepoint=False)
def note_password_change(*, user_id: int, keep_session_id: int | None, by: User, client: Client) -> None:
    """End all sessions but one after an operator set a password."""
    record(kind=Kind.PASSWORD_CHANGED, user=User.objects.get(pk=user_id), client=client, by=by)
    end_other_sessions(
        user_id=user_id, keep_session_id=keep_session_id, by=by, reason=Session.Reason.PASSWORD, client=client
    )


@transaction.atomic(savepoint=False)
def note_email_change(*, user_id: int, keep_session_id: int | None, by: User, client: Client) -> None:
    """Make an address that an operator wrote the only one, to be confirmed, and end all sessions but one.

    The old mailbox could otherwise still reset the password.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user_id)
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email=user.email.lower(), primary=True, verified=False)
    record(kind=Kind.EMAIL_CHANGED, user=user, client=client, by=by)
    end_other_sessions(
        user_id=user_id, keep_session_id=keep_session_id, by=by, reason=Session.Reason.EMAIL, client=client
    )


@transaction.atomic(savepoint=False)
def note_profile_change(*, user_id: int) -> None:
    """Make each session of a person read again what it carries about them; joins the caller's transaction."""
    User.objects.filter(pk=user_id).update(profile_version=F("profile_version") + 1)


@transaction.atomic(savepoint=False)
def change_time_zone(*, user_id: int, time_zone: str) -> bool:
    """Keep the zone in which a person reads times ("" for their browser's); return False when it was that already."""
    return bool(User.objects.filter(pk=user_id).exclude(time_zone=time_zone).update(time_zone=time_zone))
