"""The mail of the demo hall: a month of it, with bounces, a complaint, somebody who left, and one that waits."""

from datetime import datetime, timedelta

from emailqueue.models import Email, EmailEvent, EmailRecipient, OptOut, Suppression
from lib import demo
from lib.demo import Scene
from sessions_app.models import User

Kind = EmailEvent.Kind
State = EmailRecipient.State
LETTERS = (
    (
        "news",
        "The laser cutter is back",
        "Hello,\n\nthe laser cutter is repaired and can be booked again.\n\nThe hall\n",
    ),
    ("digest", "The week in the hall", "Hello,\n\n12 discussions, 3 new tools and one lost scarf.\n\nThe hall\n"),
    ("news", "Open evening on Thursday", "Hello,\n\ndoors open at seven, soup at eight.\n\nThe hall\n"),
    ("reminders", "Tomorrow: the wood workshop", "Hello,\n\nyou have it from two to four.\n\nThe hall\n"),
)
FATES = ("delivered",) * 16 + ("hard", "soft", "deferred", "complained")
PER_PERSON = 3


def furnish(scene: Scene) -> dict[str, int]:
    """Give each person some letters of the last month; nothing of it waits to be sent."""
    people = list(User.objects.filter(email__endswith=f"@{demo.DOMAIN}").order_by("pk"))
    mails = [_mail(scene, user, number) for user in people for number in range(PER_PERSON)]
    Email.objects.bulk_create(mails)
    recipients, events, listed = [], [], {}
    for email, user in zip(mails, [user for user in people for _ in range(PER_PERSON)], strict=True):
        # The five of the stories get all of their mail.
        known = user.email in {demo.address(name) for name in demo.LEADS}
        fate = "delivered" if known else scene.random.choice(FATES)
        recipients.append(_recipient(email, user.email, fate))
        events += _story(email, user.email, fate)
        if fate in {"hard", "complained"}:
            reason = Suppression.Reason.BOUNCE if fate == "hard" else Suppression.Reason.COMPLAINT
            listed[user.email] = Suppression(
                address=user.email, reason=reason, source="postmark", created_at=email.created_at
            )
    EmailRecipient.objects.bulk_create(recipients)
    EmailEvent.objects.bulk_create(events)
    Suppression.objects.bulk_create(listed.values())
    leavers = [user.email for user in people[8::9]]
    OptOut.objects.bulk_create([OptOut(address=each, topic="digest", source="link") for each in leavers])
    return {"mails": len(mails), "suppressions": len(listed), "opt_outs": len(leavers)}


def _mail(scene: Scene, user: User, number: int) -> Email:
    topic, subject, text = scene.random.choice(LETTERS)
    at = max(user.joined_at, scene.ago(hours=scene.random.uniform(1, 24 * 30)))
    return Email(
        kind=Email.Kind.BULK,
        topic=topic,
        message_id=f"{scene.random.randbytes(12).hex()}@{demo.DOMAIN}",
        sender=demo.address("hall"),
        destination=demo.DOMAIN,
        subject=subject,
        text=text,
        headers=[["From", f'"Guildhall" <{demo.address("hall")}>'], ["To", user.email]],
        state=Email.State.SENT,
        created_at=at,
        next_attempt_at=at,
        attempts=1,
        finished_at=at + timedelta(seconds=2),
    )


def _recipient(email: Email, address: str, fate: str) -> EmailRecipient:
    states = {"hard": State.BOUNCED, "soft": State.BOUNCED, "complained": State.COMPLAINED}
    codes = {"hard": "5.1.1", "soft": "4.2.2"}
    return EmailRecipient(
        email=email,
        address=address,
        state=states.get(fate, State.DELIVERED),
        changed_at=email.created_at + timedelta(seconds=9),
        status=codes.get(fate, "2.0.0"),
        reply="250 2.0.0 Ok: queued as 4XyZ",
        provider_id="4XyZ" + email.message_id[:10],
    )


def _story(email: Email, address: str, fate: str) -> list[EmailEvent]:
    at = email.created_at
    lines: list[tuple[datetime, EmailEvent.Kind, str, str]] = [(at, Kind.QUEUED, "", "")]
    if fate == "deferred":
        lines.append((at + timedelta(seconds=1), Kind.DEFERRED, "4.7.1", "451 4.7.1 Greylisted, come again later"))
        at += timedelta(minutes=1)
    lines.append((at + timedelta(seconds=2), Kind.SENT, "2.0.0", "250 2.0.0 Ok: queued as 4XyZ"))
    ends = {
        "hard": (Kind.BOUNCED_HARD, "5.1.1", "postmark: unknown user"),
        "soft": (Kind.BOUNCED_SOFT, "4.2.2", "postmark: mailbox full"),
        "complained": (Kind.COMPLAINED, "", "postmark: complaint"),
    }
    kind, status, detail = ends.get(fate, (Kind.DELIVERED, "2.0.0", "postmark"))
    lines.append((at + timedelta(seconds=9), kind, status, detail))
    return [
        EmailEvent(
            email=email,
            at=moment,
            kind=kind,
            status=status,
            detail=detail,
            address="" if kind == Kind.QUEUED else address,
        )
        for moment, kind, status, detail in lines
    ]
