"""What the apps below announce, published as events inside their transactions."""

from typing import Any

from django.dispatch import receiver

from featureflags import signals as flag_signals
from featureflags.models import FlagChange
from sessions_app import signals as session_signals
from sessions_app.models import SecurityEvent, User
from webhooks import services as webhooks

Kind = SecurityEvent.Kind
# Lines of the security log that others may hear of.
TYPES = {
    Kind.SIGNED_UP: "member.signed_up",
    Kind.DEACTIVATED: "member.deactivated",
    Kind.REACTIVATED: "member.reactivated",
    Kind.NEW_DEVICE: "device.added",
    Kind.SESSION_ENDED: "session.ended",
    Kind.PASSWORD_CHANGED: "password.changed",
    Kind.EMAIL_CHANGED: "email.changed",
    Kind.TOKEN_CREATED: "token.created",
    Kind.TOKEN_REVOKED: "token.revoked",
}
FLAG_TYPES = {FlagChange.Act.KILLED: "flag.killed", FlagChange.Act.RESTORED: "flag.restored"}


@receiver(session_signals.security_event_recorded)
def publish_security_event(sender: type[SecurityEvent], event: SecurityEvent, **_: Any) -> None:
    event_type = TYPES.get(Kind(event.kind))
    if event_type is None or event.user is None:
        return
    data = {"member": _person(event.user), "by": _person(event.by), "note": event.note}
    webhooks.publish(event_type, data, by=event.by, about=[event.user.pk], key=f"member:{event.user.pk}")


@receiver(flag_signals.flag_changed)
def publish_flag_change(sender: type[FlagChange], change: FlagChange, **_: Any) -> None:
    if change.flag is None:
        return
    data = {
        "flag": {"key": change.flag.key, "version": change.flag.version},
        "act": str(change.act),
        "changes": list(change.diff),
        "why": change.why,
        "by": _person(change.by),
    }
    key = f"flag:{change.flag.key}"
    webhooks.publish(FLAG_TYPES.get(FlagChange.Act(change.act), "flag.changed"), data, by=change.by, key=key)


def _person(user: User | None) -> dict[str, Any] | None:
    return {"id": user.pk, "display_name": user.display_name} if user else None
