"""Delete what old mails said, and much later that they were."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from emailqueue.services import sending


class Command(BaseCommand):
    help = "Empty old mails, then delete the oldest, in batches; safe to stop, to repeat and to run twice at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, help="at most this many of each")
        parser.add_argument("--dry-run", action="store_true", help="count, delete nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        limit = options["limit"]
        if limit is not None and limit < 1:
            raise CommandError("--limit must be at least 1")
        if options["dry_run"]:
            contents, stories = sending.due_for_purge()
            self.stdout.write(f"contents={contents} stories={stories} emptied=0 deleted=0")
            return
        emptied, deleted = sending.purge(limit=limit)
        self.stdout.write(f"emptied={emptied} deleted={deleted}")
