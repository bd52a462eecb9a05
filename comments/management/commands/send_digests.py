"""Tell people what is new in what they follow, as the beat does."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from comments import services


class Command(BaseCommand):
    help = "Queue the mails of those who are due; safe to stop, to repeat and to run twice at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, help="at most this many")
        parser.add_argument("--dry-run", action="store_true", help="count who is due, queue nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        limit = options["limit"]
        if limit is not None and limit < 1:
            raise CommandError("--limit is at least 1")
        if options["dry_run"]:
            self.stdout.write(f"due={len(services.due_digests())} queued=0")
            return
        self.stdout.write(f"queued={services.send_digests(limit=limit)}")
