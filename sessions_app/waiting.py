"""What of a person's sign-in waits for them on the home page."""

from datetime import timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.urls import reverse
from django.utils import timezone

from lib.waiting import Wait
from sessions_app.models import Device, User

FEW_CODES = 3
NEW_DEVICE_FOR = timedelta(days=2)


def waits(user: User) -> list[Wait]:
    """Return unconfirmed mail addresses, new devices to recognise, and what is missing of a second factor."""
    return [*_mail(user), *_devices(user), *_second_factor(user)]


def _mail(user: User) -> list[Wait]:
    addresses = EmailAddress.objects.filter(user=user, verified=False).values_list("email", flat=True)[:1]
    return [
        Wait(
            title=f"Confirm {address}",
            sentence="We sent a letter there. Follow the link in it, or have it sent again.",
            act="See the address",
            url=reverse("account_email"),
        )
        for address in addresses
    ]


def _devices(user: User) -> list[Wait]:
    devices = list(Device.objects.filter(user=user).order_by("-first_seen_at")[:2])
    if len(devices) < 2 or devices[0].first_seen_at < timezone.now() - NEW_DEVICE_FOR:
        return []
    return [
        Wait(
            title=f"New: {devices[0].label}",
            sentence="Somebody signed in there for the first time in the last two days. It was you? Then all is well.",
            act="Look at the devices",
            url=reverse("sessions_app:devices"),
            tone="info",
        )
    ]


def _second_factor(user: User) -> list[Wait]:
    held = {row.type: row for row in Authenticator.objects.filter(user=user)}
    codes = held.pop(Authenticator.Type.RECOVERY_CODES, None)
    if not held:
        return [
            Wait(
                title="Add a second lock to your account",
                sentence="An app on your phone or a passkey keeps others out, even when they know your password.",
                act="Set it up",
                url=reverse("mfa_index"),
                tone="danger" if user.is_staff else "go",
            )
        ]
    left = len(codes.wrap().get_unused_codes()) if codes else 0
    if left > FEW_CODES:
        return []
    return [
        Wait(
            title=f"{left or 'No'} recovery code{'' if left == 1 else 's'} left",
            sentence="They let you in when the phone is lost. Make new ones while you still can.",
            act="Make new codes",
            url=reverse("mfa_index"),
        )
    ]
