"""Delete sessions that no request can use again, in batches."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sessions_app import services
from sessions_app.models import Session


class Command(BaseCommand):
    help = "Delete expired and ended sessions in batches; safe to stop, to repeat and to run twice at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, help="delete at most this many")
        parser.add_argument("--dry-run", action="store_true", help="count, delete nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        limit = options["limit"]
        if limit is not None and limit < 1:
            raise CommandError("--limit must be at least 1")
        if options["dry_run"]:
            self.stdout.write(f"expired={Session.objects.expired().count()} deleted=0")
            return
        self.stdout.write(f"deleted={services.clear_expired(limit=limit)}")
