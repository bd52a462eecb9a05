"""Tell owners what others liked, as the beat does."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from likes import services


class Command(BaseCommand):
    help = "Mail the owners who are due; safe to stop, to repeat and to run twice at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, help="send at most this many")
        parser.add_argument("--dry-run", action="store_true", help="count who is due, send nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        limit = options["limit"]
        if limit is not None and limit < 1:
            raise CommandError("--limit must be at least 1")
        if options["dry_run"]:
            self.stdout.write(f"due={len(services.due_notices(now=timezone.now()))} sent=0")
            return
        self.stdout.write(f"sent={services.send_notices(limit=limit)}")
