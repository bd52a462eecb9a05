"""Delete the records of keys whose time is over, in batches."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from idempotency.models import Record
from idempotency.services import upkeep


class Command(BaseCommand):
    help = "Delete expired keys in batches; safe to stop, to repeat and to run twice at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, help="delete at most this many")
        parser.add_argument("--dry-run", action="store_true", help="count, delete nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        limit = options["limit"]
        if limit is not None and limit < 1:
            raise CommandError("--limit must be at least 1")
        if options["dry_run"]:
            self.stdout.write(f"expired={Record.objects.expired(timezone.now()).count()} deleted=0")
            return
        self.stdout.write(f"deleted={upkeep.purge_expired(limit=limit)}")
