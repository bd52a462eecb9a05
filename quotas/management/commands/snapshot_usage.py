"""Write down what each account used on each day that is over; with --bill, the byte-hours of a month as CSV."""

import csv
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from quotas.services import usage


class Command(BaseCommand):
    help = "Snapshot daily use from the ledger; safe to stop, to repeat and to run twice at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, help="write at most about this many days")
        parser.add_argument("--bill", metavar="YYYY-MM", help="print the byte-hours of this month as CSV instead")

    def handle(self, *args: Any, **options: Any) -> None:
        limit = options["limit"]
        if limit is not None and limit < 1:
            raise CommandError("--limit must be at least 1")
        if options["bill"]:
            self._print_bill(options["bill"])
            return
        self.stdout.write(f"days={usage.snapshot_usage(limit=limit)}")

    def _print_bill(self, month: str) -> None:
        try:
            first = date.fromisoformat(f"{month}-01")
        except ValueError as error:
            raise CommandError("--bill takes a month such as 2026-11") from error
        lines = csv.writer(self.stdout)
        lines.writerow(["holder", "kind", "byte_hours", "bytes_at_end"])
        for holder, kind, hours, used in usage.bill(month=first):
            # A spreadsheet must not take a name for a formula.
            safe = f"'{holder}" if holder[:1] in "=+-@\t\r" else holder
            lines.writerow([safe, kind, f"{hours:.3f}", used])
