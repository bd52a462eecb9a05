"""What each side of the mail benchmark does: ask for mails, and hand them over."""

import datetime
import time
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction

TEXT = "Hello,\n\nthe hall opens at nine, and there is soup.\n" * 6
HTML = "<p>Hello, the hall opens at nine, and there is soup.</p>" * 12
SENDER = "hall@example.org"
KIND = next(name for name in ("emailqueue", "post_office", "mailer") if apps.is_installed(name))

if KIND == "emailqueue":
    from django.conf import settings

    from emailqueue import delivery, services, tasks
    from emailqueue.drafts import Draft
    from emailqueue.models import Email, EmailEvent

    # The benchmark delivers by itself.
    tasks.deliver_mail.delay = lambda: None
elif KIND == "post_office":
    from post_office import mail
    from post_office.models import Email
else:
    from django.core.mail import EmailMultiAlternatives
    from mailer.models import Message as Email


def address(number: int) -> str:
    return f"p{number}@d{number % 50}.example.org"


def _draft(number: int, **more: Any) -> "Draft":
    return Draft(to=[address(number)], sender=SENDER, subject="News", text=TEXT, html=HTML, **more)


def _one(number: int) -> None:
    if KIND == "emailqueue":
        services.enqueue_many(mails=[_draft(number)])
    elif KIND == "post_office":
        mail.send(address(number), SENDER, subject="News", message=TEXT, html_message=HTML)
    else:
        message = EmailMultiAlternatives("News", TEXT, SENDER, [address(number)])
        message.attach_alternative(HTML, "text/html")
        message.send()


def _many(count: int) -> None:
    if KIND == "emailqueue":
        services.enqueue_many(mails=[_draft(number) for number in range(count)])
    elif KIND == "post_office":
        mail.send_many(
            [
                {
                    "recipients": address(number),
                    "sender": SENDER,
                    "subject": "News",
                    "message": TEXT,
                    "html_message": HTML,
                }
                for number in range(count)
            ]
        )
    else:
        for number in range(count):
            _one(number)


def empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {Email._meta.db_table} CASCADE")


def enqueue_singly(count: int) -> float:
    """Return mails a second, asked for one by one in one transaction of somebody else."""
    with transaction.atomic(durable=True):
        start = time.perf_counter()
        for number in range(count):
            _one(number)
        taken = time.perf_counter() - start
    empty()
    return count / taken


def enqueue_many(count: int) -> float:
    start = time.perf_counter()
    with transaction.atomic(durable=True):
        _many(count)
    taken = time.perf_counter() - start
    empty()
    return count / taken


def deliver(count: int) -> float:
    """Return mails a second, by one worker process."""
    with transaction.atomic(durable=True):
        _many(count)
    start = time.perf_counter()
    if KIND == "emailqueue":
        delivery.deliver_due(bulk=True)
        left = Email.objects.exclude(state="sent").count()
    elif KIND == "post_office":
        call_command("send_queued_mail", processes=1, verbosity=0)
        left = Email.objects.exclude(status=0).count()
    else:
        call_command("send_mail", verbosity=0)
        left = Email.objects.count()
    taken = time.perf_counter() - start
    if left:
        raise SystemExit(f"bench: {KIND} left {left} mails")
    empty()
    return count / taken


# --- Ours alone ---------------------------------------------------------------------------------------------------


def fill(count: int, bulk: bool, domain: str = "") -> int:
    with transaction.atomic(durable=True):
        more = {"bulk": True, "topic": "news"} if bulk else {}
        mails = [_draft(number, **more) for number in range(count)]
        if domain:
            mails = [
                Draft(to=[f"p{number}@{domain}"], sender=SENDER, subject="News", text=TEXT, priority=0, **more)
                for number in range(count)
            ]
        services.enqueue_many(mails=mails)
    return count


def vacuum() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE emailqueue_email")


def reset() -> int:
    with transaction.atomic(durable=True):
        (email_id,) = services.enqueue_many(
            mails=[Draft(to=["bob@example.org"], sender=SENDER, subject="New password", text="Here.")]
        )
    return email_id


def waits(ids: list[int]) -> list[float]:
    """Return for how many seconds each of these waited until the server had it; -1 for one that still waits."""
    found = []
    for email_id in ids:
        at = dict(EmailEvent.objects.filter(email=email_id).values_list("kind", "at"))
        found.append((at["sent"] - at["queued"]) / datetime.timedelta(seconds=1) if "sent" in at else -1.0)
    return found


def run(seconds: float) -> dict[str, int]:
    return dict(delivery.deliver_due(bulk=True, seconds=seconds))


def aim(port: int, timeout: int = 30) -> None:
    settings.EMAIL_PROVIDERS = [f"smtp://127.0.0.1:{port}"]
    settings.EMAIL_TIMEOUT = timeout
