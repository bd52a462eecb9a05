"""Compare the counts of replies with the visible comments."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from comments import services


class Command(BaseCommand):
    help = "Report counts of threads and comments that are not the number of visible comments."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repair", action="store_true", help="set the counts right, and say what was done")

    def handle(self, *args: Any, **options: Any) -> None:
        found = services.recount_comments(repair=options["repair"])
        for each in found:
            shown, real = (",".join(map(str, counts)) for counts in (each.shown, each.real))
            self.stderr.write(f"thread={each.thread_id} comment={each.comment_id or '-'} shown={shown} real={real}")
        self.stdout.write(f"differences={len(found)} repaired={len(found) if options['repair'] else 0}")
