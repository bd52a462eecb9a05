"""Take in discussions and comments from another hall or from Disqus."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from comments import exchange, services
from comments.exchange import Fault
from comments.services.importing import Imported

READERS = {"json": exchange.read_lines, "disqus": exchange.read_disqus}
SOURCE_MAX = 40


class Command(BaseCommand):
    help = "Take in what is not here yet, from export_comments or an export of Disqus. Safe to stop and to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file")
        parser.add_argument("--format", choices=READERS, help="by default what the file begins like")
        parser.add_argument("--source", help="its name, by which it is known again (default: the format)")
        parser.add_argument("--limit", type=int, help="at most so many new records")
        parser.add_argument("--dry-run", action="store_true", help="read and check everything, take in nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["limit"] is not None and options["limit"] < 1:
            raise CommandError("--limit is at least 1")
        try:
            with Path(options["file"]).open("rb") as stream:
                format = options["format"] or _looks_like(stream.peek(64))
                source = options["source"] if options["source"] is not None else format
                if not 1 <= len(source) <= SOURCE_MAX or "\0" in source:
                    raise CommandError(f"--source has from 1 to {SOURCE_MAX} characters")
                done = services.import_records(
                    records=READERS[format](stream),
                    source=source,
                    limit=options["limit"],
                    dry_run=options["dry_run"],
                    tell=self._tell,
                    progress=self._progress,
                )
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from None
        except exchange.Unreadable as error:
            raise CommandError(f"{options['file']}: {error}") from None
        self.stdout.write(
            f"discussions={done.discussions} comments={done.comments} there={done.there} refused={done.refused}"
        )

    def _tell(self, fault: Fault) -> None:
        self.stderr.write(f"{fault.place}: {fault.why}")

    def _progress(self, done: Imported) -> None:
        self.stderr.write(f"so far {done.discussions + done.comments} new, {done.there} there, {done.refused} refused")


def _looks_like(beginning: bytes) -> str:
    return "disqus" if beginning.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"<") else "json"
