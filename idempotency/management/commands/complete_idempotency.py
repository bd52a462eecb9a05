"""Finish or release what was abandoned under a key."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from idempotency import phases
from idempotency.models import Record
from idempotency.services import upkeep


class Command(BaseCommand):
    help = "Finish or release abandoned keys; safe to stop, to repeat and to run twice at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, help="complete at most this many of each kind")
        parser.add_argument("--dry-run", action="store_true", help="count, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        limit = options["limit"]
        if limit is not None and limit < 1:
            raise CommandError("--limit must be at least 1")
        if options["dry_run"]:
            self.stdout.write(f"abandoned={Record.objects.abandoned(timezone.now()).count()} finished=0")
            return
        finished, released = upkeep.settle_abandoned(limit=limit)
        completed, failed = phases.complete_abandoned(limit=limit)
        self.stdout.write(f"finished={finished} released={released} completed={completed} failed={failed}")
