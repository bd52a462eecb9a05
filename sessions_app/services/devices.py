"""Devices that people sign in on, and the link that says *This was not me*."""

from datetime import timedelta

from django.core import signing
from django.db import transaction
from django.utils import timezone

from sessions_app import mails
from sessions_app.clients import Client
from sessions_app.models import Device, SecurityEvent, Session, User, token_hash
from sessions_app.services.errors import LinkInvalid
from sessions_app.services.events import record
from sessions_app.services.sessions import revoke

Kind = SecurityEvent.Kind

NOT_ME_SALT = "sessions_app.not_me"
NOT_ME_DAYS = 7


@transaction.atomic(savepoint=False)
def recognise_device(*, user_id: int, device_token: str, client: Client) -> tuple[Device, bool]:
    """Return the device behind a cookie's token, and whether this person's is new."""
    device, created = Device.objects.get_or_create(
        user_id=user_id, token_hash=token_hash(device_token), defaults={"user_agent": client.user_agent}
    )
    if not created:
        Device.objects.filter(pk=device.pk).update(last_seen_at=timezone.now(), user_agent=client.user_agent)
    return device, created


def welcome_device(*, user: User, device: Device, session_id: int | None, client: Client) -> None:
    """Tell a person about a sign-in from a device that was not seen before; not about the very first one."""
    if not Device.objects.filter(user=user).exclude(pk=device.pk).exists():
        return
    record(kind=Kind.NEW_DEVICE, user=user, client=client)
    token = signing.dumps({"user": user.pk, "session": session_id}, salt=NOT_ME_SALT)
    transaction.on_commit(lambda: mails.new_device(user=user, client=client, token=token), robust=True)


def read_not_me(*, token: str) -> tuple[int, int]:
    """Return the user and session ids of a *This was not me* link; raise LinkInvalid for another or an old one."""
    try:
        claim = signing.loads(token, salt=NOT_ME_SALT, max_age=timedelta(days=NOT_ME_DAYS))
    except signing.BadSignature as error:
        raise LinkInvalid("This link is not valid any more. Change your password if you are in doubt.") from error
    return claim["user"], claim["session"]


@transaction.atomic(durable=True)
def disown_session(*, token: str, client: Client) -> User | None:
    """End the session that its owner says was not theirs; return the person, who needs a new password.

    Return None when the link was followed before: nothing more happens. Raise LinkInvalid, also when the account is
    gone.
    """
    user_id, session_id = read_not_me(token=token)
    # Two clicks at once: the second waits here, and then finds the line of the first.
    user = User.objects.select_for_update(no_key=True).filter(pk=user_id).first()
    if user is None:
        raise LinkInvalid("This link is not valid any more: the account is gone.")
    if SecurityEvent.objects.filter(kind=Kind.DISOWNED, subject_hash=token_hash(token)).exists():
        return None
    record(kind=Kind.DISOWNED, user=user, client=client, by=user, subject_hash=token_hash(token))
    if revoke(rows=Session.objects.filter(pk=session_id, user=user), by=user, reason=Session.Reason.NOT_ME):
        record(kind=Kind.SESSION_ENDED, user=user, client=client, by=user, note=Session.Reason.NOT_ME.label)
    return user
