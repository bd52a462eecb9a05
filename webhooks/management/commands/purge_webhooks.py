"""Old weeks of events, deliveries and attempts, dropped whole."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from webhooks import limits
from webhooks.services import upkeep


class Command(BaseCommand):
    help = "Drop the weeks of the log that are older than 30 days, and make those ahead."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=limits.RETENTION.days, help="keep so many days (%(default)s)")
        parser.add_argument("--limit", type=int, help="drop at most so many weeks")
        parser.add_argument("--dry-run", action="store_true", help="only say what would go")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["days"] < 1 or options["days"] > 36500:
            raise CommandError("--days is from 1 to 36500")
        made = upkeep.ensure_partitions()
        weeks = unsent = 0
        before = timezone.now() - timedelta(days=options["days"])
        for purged in upkeep.purge(before=before, limit=options["limit"], dry_run=options["dry_run"]):
            weeks, unsent = weeks + 1, unsent + purged.unsent
            if options["verbosity"] > 1:
                self.stdout.write(f"week={purged.week} unsent={purged.unsent}")
        self.stdout.write(f"made={made} weeks={weeks} unsent={unsent}{' dry_run=1' if options['dry_run'] else ''}")
