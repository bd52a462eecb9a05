"""Send the mail that is due, as the worker does."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from emailqueue.models import Email
from emailqueue.services import sending


class Command(BaseCommand):
    help = "Send due mail until none is left; safe to stop, to repeat and to run twice at once, and beside the worker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, help="send at most this many")
        parser.add_argument("--seconds", type=int, default=3600, help="stop after this long")
        parser.add_argument("--transactional", action="store_true", help="leave bulk mail alone")
        parser.add_argument("--dry-run", action="store_true", help="count, send nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        limit = options["limit"]
        if (limit is not None and limit < 1) or options["seconds"] < 1:
            raise CommandError("--limit and --seconds must be at least 1")
        if options["dry_run"]:
            self.stdout.write(f"due={Email.objects.due(timezone.now()).count()} sent=0")
            return
        counts = sending.send_due(bulk=not options["transactional"], seconds=options["seconds"], limit=limit)
        words = [f"{name}={counts[name]}" for name in ("sent", "deferred", "failed", "held", "cancelled", "away")]
        self.stdout.write(" ".join(words))
