"""Send mail again that failed, or at once what waits for its next attempt."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from emailqueue.models import Email
from emailqueue.services import MailError, operators

WHY_MAX = 200


class Command(BaseCommand):
    help = "Send failed mail again (--failed, or ids), or hasten what was deferred (--deferred)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("ids", nargs="*", type=int, help="mails, by number")
        parser.add_argument("--failed", action="store_true", help="every mail that failed")
        parser.add_argument("--deferred", action="store_true", help="every mail that waits for its next attempt")
        parser.add_argument("--why", default="", help="kept in the list of acts")
        parser.add_argument("--limit", type=int, default=10_000, help="at most this many")
        parser.add_argument("--dry-run", action="store_true", help="count, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if sum((bool(options["ids"]), options["failed"], options["deferred"])) != 1:
            raise CommandError("Name mails by number, or say --failed, or --deferred: one of the three.")
        if options["limit"] < 1:
            raise CommandError("--limit must be at least 1")
        if not options["deferred"] and not 1 <= len(options["why"].strip()) <= WHY_MAX:
            raise CommandError(
                f"Say why with --why, in up to {WHY_MAX} characters: a mail that goes out again is written down."
            )
        rows = Email.objects.filter(state=Email.State.QUEUED, deferrals__gt=0)
        if options["failed"]:
            rows = Email.objects.filter(state=Email.State.FAILED)
        elif options["ids"]:
            rows = Email.objects.filter(pk__in=options["ids"])
        ids = list(rows.order_by("pk").values_list("pk", flat=True)[: options["limit"]])
        if options["dry_run"]:
            self.stdout.write(f"found={len(ids)} requeued=0")
            return
        requeued = sum(self._requeued(each, options) for each in ids)
        self.stdout.write(f"found={len(ids)} requeued={requeued}")

    def _requeued(self, email_id: int, options: dict[str, Any]) -> bool:
        if options["deferred"]:
            return operators.hasten(email_id=email_id)
        try:
            operators.resend(email_id=email_id, by=None, reason=options["why"])
        except MailError as error:
            self.stderr.write(f"{email_id}: {error}")
            return False
        return True
