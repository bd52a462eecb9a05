"""Every write about people, their sessions, devices and tokens that locks, spans rows or leaves the process."""

import hashlib
import secrets
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.core import signing
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from sessions_app import cache, mails, signals
from sessions_app.clients import Client
from sessions_app.models import ApiToken, Device, SecurityEvent, Session, SessionQuerySet, User, token_hash

Kind = SecurityEvent.Kind

CLEAR_BATCH = 2000
NOT_ME_SALT = "sessions_app.not_me"
NOT_ME_DAYS = 7
TOKEN_PREFIX = "gh_"  # noqa: S105  (secret scanners find leaked tokens by it)
TOKENS_MAX = 50
ATTEMPT_WINDOW = timedelta(minutes=5)
ATTEMPTS_PER_SUBJECT = 5
ATTEMPTS_PER_ADDRESS = 50


class SessionsError(Exception):
    """A rule of this app refused the request; the message is for the person."""


class TooManyTokens(SessionsError): ...


class ExpiryInThePast(SessionsError): ...


class NoScopes(SessionsError): ...


class LinkInvalid(SessionsError): ...


# --- The security log -------------------------------------------------------------------------------------


@transaction.atomic(savepoint=False)
def record(
    *,
    kind: SecurityEvent.Kind,
    user: User | None,
    client: Client | None = None,
    by: User | None = None,
    subject: str = "",
    note: str = "",
) -> SecurityEvent:
    """Write one line of the security log, in the caller's transaction if there is one, and announce it."""
    event = SecurityEvent.objects.create(
        kind=kind,
        user=user,
        by=by,
        address=client.address if client else None,
        user_agent=client.user_agent if client else "",
        subject_hash=subject_hash(email=subject) if subject else None,
        note=note[:200],
    )
    signals.security_event_recorded.send(sender=SecurityEvent, event=event)
    return event


def subject_hash(*, email: str) -> bytes:
    """Return the digest under which tries for a mail address are counted, whatever its case."""
    return hashlib.sha256(email.strip().lower().encode("utf-8", "ignore")).digest()


def record_failed_sign_in(*, email: str, client: Client) -> None:
    """Note a wrong password, for the person if there is one and for the limit in any case."""
    user = User.objects.filter(email__iexact=email).first() if "\0" not in email else None
    record(kind=Kind.SIGN_IN_FAILED, user=user, client=client, subject=email)


def retry_after(*, email: str, client: Client) -> int:
    """Return the seconds to wait before this address may try again; 0 when it may now.

    Counted in Postgres, so that the limit stands while Redis is away.
    """
    now = timezone.now()
    failures = SecurityEvent.objects.failed_attempts(since=now - ATTEMPT_WINDOW)
    waits = [0.0]
    for rows, allowed in (
        (failures.filter(subject_hash=subject_hash(email=email)), ATTEMPTS_PER_SUBJECT),
        (failures.filter(address=client.address), ATTEMPTS_PER_ADDRESS),
    ):
        latest = list(rows.order_by("-at").values_list("at", flat=True)[:allowed])
        if len(latest) == allowed:
            waits.append((latest[-1] + ATTEMPT_WINDOW - now).total_seconds())
    return int(max(waits) + 0.999)


# --- Sign-in ----------------------------------------------------------------------------------------------


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
def disown_session(*, token: str, client: Client) -> User:
    """End the session that its owner says was not theirs; return the person, who needs a new password.

    Raise LinkInvalid, also when the account is gone.
    """
    user_id, session_id = read_not_me(token=token)
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise LinkInvalid("This link is not valid any more: the account is gone.")
    if _revoke(Session.objects.filter(pk=session_id, user=user), by=user, reason=Session.Reason.NOT_ME):
        record(kind=Kind.SESSION_ENDED, user=user, client=client, by=user, note=Session.Reason.NOT_ME.label)
    return user


# --- Ending sessions --------------------------------------------------------------------------------------


def _revoke(rows: SessionQuerySet, *, by: User | None, reason: str) -> int:
    """Revoke the active ones among `rows` (a queryset), and drop their copies after the commit."""
    now = timezone.now()
    found = list(rows.active(now).select_for_update(of=("self",), no_key=True).order_by("pk"))
    Session.objects.filter(pk__in=[row.pk for row in found]).update(
        revoked_at=now, revoked_by=by, revoked_because=reason
    )
    hashes = [bytes(row.token_hash) for row in found]
    transaction.on_commit(lambda: cache.drop(hashes), robust=True)
    return len(found)


@transaction.atomic(durable=True)
def end_session(*, session_id: int, by: User | None, reason: str, client: Client | None = None) -> bool:
    """End one session; return False when it had ended already, or is gone."""
    row = Session.objects.select_related("user").filter(pk=session_id).first()
    if row is None or not _revoke(Session.objects.filter(pk=session_id), by=by, reason=reason):
        return False
    if row.user is not None:
        record(kind=Kind.SESSION_ENDED, user=row.user, client=client, by=by, note=f"{row.label}: {reason}")
    signals.sessions_ended.send(sender=Session, user_id=row.user_id, reason=reason)
    return True


@transaction.atomic(savepoint=False)
def end_other_sessions(
    *,
    user_id: int,
    keep_session_id: int | None,
    by: User | None,
    reason: str,
    client: Client | None = None,
    note: str = "",
) -> int:
    """End all sessions of a person but one (None: all of them); return how many ended."""
    user = User.objects.select_for_update(no_key=True).get(pk=user_id)
    ended = _revoke(Session.objects.filter(user=user).exclude(pk=keep_session_id or 0), by=by, reason=reason)
    if ended:
        record(kind=Kind.SESSIONS_ENDED, user=user, client=client, by=by, note=f"{ended}: {note or reason}")
        signals.sessions_ended.send(sender=Session, user_id=user_id, reason=reason)
    return ended


def end_all_sessions(*, user_id: int | None, by: User | None, reason: str, note: str = "") -> int:
    """End every session of a person, or of everybody (None) in batches; return how many ended.

    `note` is the operator's own reason, for the security log.
    """
    if user_id is not None:
        return end_other_sessions(user_id=user_id, keep_session_id=None, by=by, reason=reason, note=note)
    ended = 0
    while True:
        with transaction.atomic(durable=True):
            batch = Session.objects.active().order_by("pk").values_list("pk", flat=True)[:CLEAR_BATCH]
            # As a list: a sub-select with LIMIT under FOR UPDATE is planned anew for each row.
            ids = list(batch)
            if not ids:
                break
            ended += _revoke(Session.objects.filter(pk__in=ids), by=by, reason=reason)
    record(kind=Kind.SESSIONS_ENDED, user=None, by=by, note=f"everybody, {ended}: {note or reason}")
    signals.sessions_ended.send(sender=Session, user_id=None, reason=reason)
    return ended


def clear_expired(*, limit: int | None = None, batch: int = CLEAR_BATCH) -> int:
    """Delete sessions that no request can use again; return how many.

    In batches of their own transactions, past rows that somebody holds, so that it never blocks a sign-in and may
    be stopped, repeated and run twice at once.
    """
    deleted = 0
    while limit is None or deleted < limit:
        size = batch if limit is None else min(batch, limit - deleted)
        with transaction.atomic(durable=True):
            found = Session.objects.delete_expired(now=timezone.now(), limit=size)
        deleted += found
        if found < size:
            break
    return deleted


# --- People -----------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def deactivate_user(*, user_id: int, by: User | None) -> bool:
    """Close an account and end all its sessions; return False when it was closed already."""
    if not User.objects.active().filter(pk=user_id).update(is_active=False):
        return False
    user = User.objects.get(pk=user_id)
    _revoke(Session.objects.filter(user=user), by=by, reason=Session.Reason.DEACTIVATED)
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
def note_group_change(*, group_id: int, by: User | None) -> None:
    """Note a change of rights for each member of a group."""
    # By primary key, because each change locks its person.
    for user_id in User.objects.filter(groups=group_id).order_by("pk").values_list("pk", flat=True):
        note_privilege_change(user_id=user_id, by=by)


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


# --- API tokens -------------------------------------------------------------------------------------------


@transaction.atomic(durable=True)
def create_token(
    *, user_id: int, name: str, scopes: list[str], expires_at: datetime | None, client: Client | None = None
) -> tuple[ApiToken, str]:
    """Make an API token; return the row and the token itself, which nobody can read again.

    Raise TooManyTokens, ExpiryInThePast or NoScopes.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user_id)
    if expires_at is not None and expires_at <= timezone.now():
        raise ExpiryInThePast("Choose an expiry that lies ahead.")
    if not scopes:
        raise NoScopes("Choose at least one thing that the token may do.")
    if ApiToken.objects.active().filter(user=user).count() >= TOKENS_MAX:
        raise TooManyTokens(f"You have {TOKENS_MAX} tokens, which is the most. Revoke one that you do not use.")
    plain = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        token_hash=token_hash(plain),
        hint=plain[:9],
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
    )
    record(kind=Kind.TOKEN_CREATED, user=user, client=client, by=user, note=name)
    return token, plain


@transaction.atomic(durable=True)
def revoke_token(*, token_id: int, by: User, client: Client | None = None) -> bool:
    """Revoke an API token; return False when it was revoked already."""
    if not ApiToken.objects.filter(pk=token_id, revoked_at=None).update(revoked_at=timezone.now()):
        return False
    token = ApiToken.objects.select_related("user").get(pk=token_id)
    record(kind=Kind.TOKEN_REVOKED, user=token.user, client=client, by=by, note=token.name)
    return True


def authenticate_token(*, plain: str) -> ApiToken | None:
    """Return the active token of an active person, noting its use at most once a minute; else None."""
    if not plain.startswith(TOKEN_PREFIX):
        return None
    now = timezone.now()
    token = (
        ApiToken.objects.active(now)
        .filter(token_hash=token_hash(plain), user__is_active=True)
        .select_related("user")
        .first()
    )
    minute_ago = now - timedelta(minutes=1)
    if token is not None and (token.last_used_at is None or token.last_used_at <= minute_ago):
        stale = Q(last_used_at=None) | Q(last_used_at__lte=minute_ago)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    return token
