"""Compare every tag's count with the number of its taggings, and every thing's array with what it carries."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from tagging import services


class Command(BaseCommand):
    help = "Report counts and arrays that are not what the taggings say; with --repair set them right."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repair", action="store_true", help="set them right, and say which")

    def handle(self, *args: Any, **options: Any) -> None:
        counts, items = services.recount_tags(repair=options["repair"])
        for each in counts:
            self.stderr.write(f"tag={each.key[0]} shown={each.shown} taggings={each.real}")
        for item in items:
            self.stderr.write(f"item={item} array=wrong")
        done = len(counts) + len(items) if options["repair"] else 0
        self.stdout.write(f"counts={len(counts)} arrays={len(items)} repaired={done}")
