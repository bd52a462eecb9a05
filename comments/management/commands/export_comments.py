"""Write discussions and what is said about them as lines of JSON."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from comments import exchange, services
from comments.models import Discussion


class Command(BaseCommand):
    help = "Write discussions and their comments as JSON Lines, as docs/comments.md says. They hold mail addresses."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="where to; - for the standard output; never over a file that is there")
        parser.add_argument("--discussion", type=int, metavar="ID", help="only this one")

    def handle(self, *args: Any, **options: Any) -> None:
        one = options["discussion"]
        if one is not None and not Discussion.objects.filter(pk=one).exists():
            raise CommandError(f"--discussion: there is no discussion {one}")
        records = services.export_discussions(discussion_id=one)
        lines = (exchange.line_of(record) for record in records)
        if options["file"] == "-":
            count = self._write(sys.stdout, lines)
        else:
            try:
                with Path(options["file"]).open("x", encoding="utf-8") as stream:
                    count = self._write(stream, lines)
            except OSError as error:
                raise CommandError(f"{options['file']}: {error.strerror}") from None
        self.stderr.write(f"records={count}")

    def _write(self, stream: Any, lines: Any) -> int:
        stream.write(exchange.header(timezone.now()) + "\n")
        count = 0
        for line in lines:
            stream.write(line + "\n")
            count += 1
        return count
