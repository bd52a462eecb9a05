"""Compare every count with the number of its rows."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from likes import services


class Command(BaseCommand):
    help = "Report counts that are not the number of their rows, and reactions to things that are gone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repair", action="store_true", help="set the counts right, sweep the strays, say what")

    def handle(self, *args: Any, **options: Any) -> None:
        found, repaired = services.reconcile_likes(repair=options["repair"])
        for each in repaired if options["repair"] else found:
            content_type, object_id, kind, slot = each.key
            self.stderr.write(
                f"content_type={content_type} object={object_id} kind={kind} slot={slot}"
                f" shown={each.shown} rows={each.real}"
            )
        strays = services.sweep_strays() if options["repair"] else services.count_strays()
        self.stdout.write(f"differences={len(found)} repaired={len(repaired)} strays={strays}")
