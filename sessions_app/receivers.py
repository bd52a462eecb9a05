"""How this app answers what Django, allauth and its own services announce."""

import secrets
from typing import Any

from allauth.account import signals as account_signals
from allauth.account.models import EmailAddress
from allauth.mfa import signals as mfa_signals
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import transaction
from django.dispatch import receiver

from sessions_app import mails, services, signals
from sessions_app.engine import PRIVILEGES_KEY
from sessions_app.models import SecurityEvent, Session, User
from sessions_app.requests import Request

Kind = SecurityEvent.Kind


@receiver(user_logged_in)
def open_session(sender: type[User], request: Request, user: User, **_: Any) -> None:
    request.session[PRIVILEGES_KEY] = user.privileges
    client = getattr(request, "client", None)
    if client is None:
        # A test client's force_login: no browser, hence no device.
        return
    request.new_device_token = request.device_token or secrets.token_urlsafe(32)
    # One commit for all of it: each costs the person a wait for the disk.
    with transaction.atomic(savepoint=False):
        services.record(kind=Kind.SIGNED_IN, user=user, client=client)
        device, is_new = services.recognise_device(
            user_id=user.pk, device_token=request.new_device_token, client=client
        )
        request.session.device_id = device.pk
        request.session.save()
        if is_new:
            services.welcome_device(user=user, device=device, session_id=request.session.row_id, client=client)


@receiver(user_logged_out)
def close_session(sender: type[User], request: Request, user: User | None, **_: Any) -> None:
    request.signed_out = True
    with transaction.atomic(savepoint=False):
        # Pressed twice at once it is one sign-out: that of the request which ended the session.
        if request.session.end() and user is not None:
            services.record(kind=Kind.SIGNED_OUT, user=user, client=getattr(request, "client", None))


@receiver(account_signals.user_signed_up)
def record_sign_up(sender: type[User], request: Request, user: User, **_: Any) -> None:
    services.record(kind=Kind.SIGNED_UP, user=user, client=request.client)


@receiver(account_signals.authentication_step_completed)
def renew_token(sender: type[User], request: Request, user: User, **kwargs: Any) -> None:
    """Give the session a new token when its person proved again who they are (ASVS 7.2.4)."""
    if kwargs.get("reauthenticated"):
        request.session.cycle_key(proven=True)
        services.record(kind=Kind.REAUTHENTICATED, user=user, client=request.client, note=kwargs.get("method", ""))


@receiver(account_signals.password_changed)
@receiver(account_signals.password_set)
@receiver(account_signals.password_reset)
def end_sessions_after_password(sender: type[User], request: Request, user: User, **_: Any) -> None:
    _end_others(request, user, kind=Kind.PASSWORD_CHANGED, reason=Session.Reason.PASSWORD)


@receiver(account_signals.email_changed)
def end_sessions_after_email(
    sender: type[User], request: Request, user: User, from_email_address: EmailAddress | None, **_: Any
) -> None:
    kind = Kind.EMAIL_CHANGED if from_email_address else Kind.EMAIL_CONFIRMED
    _end_others(request, user, kind=kind, reason=Session.Reason.EMAIL)


@receiver(mfa_signals.authenticator_added)
@receiver(mfa_signals.authenticator_removed)
@receiver(mfa_signals.authenticator_reset)
def end_sessions_after_mfa(sender: type[User], request: Request, user: User, **_: Any) -> None:
    _end_others(request, user, kind=Kind.MFA_CHANGED, reason=Session.Reason.MFA)


def _end_others(request: Request, user: User, *, kind: SecurityEvent.Kind, reason: Session.Reason) -> None:
    services.record(kind=kind, user=user, client=request.client, by=user)
    keep = request.session.row_id if request.user.pk == user.pk else None
    services.end_other_sessions(user_id=user.pk, keep_session_id=keep, by=user, reason=reason, client=request.client)


@receiver(signals.session_displaced)
def tell_displaced(sender: type[Session], user_id: int, sessions: list[Session], **_: Any) -> None:
    user = User.objects.get(pk=user_id)
    labels = [row.label for row in sessions]
    for label in labels:
        services.record(kind=Kind.SESSION_ENDED, user=user, note=f"{label}: {Session.Reason.LIMIT.label}")
    transaction.on_commit(lambda: mails.session_displaced(user=user, labels=labels), robust=True)
