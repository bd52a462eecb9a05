"""Compare what accounts say with the rows that they count; with --repair, set them right."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from quotas.services import reconciling


class Command(BaseCommand):
    help = "Compare accounts, grants, versions and stored bytes; each difference is kept under Drift."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repair", action="store_true", help="let the numbers follow the rows")

    def handle(self, *args: Any, **options: Any) -> None:
        found = reconciling.reconcile(repair=options["repair"])
        repaired = sum(drift.repaired_at is not None for drift in found)
        self.stdout.write(f"drift={len(found)} repaired={repaired}")
