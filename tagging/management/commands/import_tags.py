"""Take in tags and their aliases from a CSV file."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tagging import services


class Command(BaseCommand):
    help = "Import tags from CSV with the columns name, count, aliases; safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="a path, or - for standard input")
        parser.add_argument("--dry-run", action="store_true", help="read and check, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            text = sys.stdin.read() if options["file"] == "-" else Path(options["file"]).read_text(encoding="utf-8-sig")
            tags, synonyms, left = services.import_tags(lines=text.splitlines(), dry_run=options["dry_run"])
        except (OSError, UnicodeDecodeError, services.FileRefused) as error:
            raise CommandError(str(error)) from error
        for sentence in left:
            self.stderr.write(sentence)
        services.refresh_shortlists()
        self.stdout.write(f"tags={tags} synonyms={synonyms} left_out={len(left)}")
