"""Take in returned mails from a maildir, or one from standard input."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from emailqueue.services import arrivals


class Command(BaseCommand):
    help = "Take in the bounces of a maildir; each is moved to cur/ when it is in, so that a repeated run goes on."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("maildir", help="the folder that holds new/ and cur/, or - for one mail on standard input")
        parser.add_argument("--limit", type=int, help="at most this many")
        parser.add_argument("--dry-run", action="store_true", help="count, take in nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        limit = options["limit"]
        if limit is not None and limit < 1:
            raise CommandError("--limit must be at least 1")
        if options["maildir"] == "-":
            self.stdout.write(f"read=1 taken={arrivals.take_mail(raw=sys.stdin.buffer.read(arrivals.BYTES_MAX))}")
            return
        folder = Path(options["maildir"])
        if not (folder / "new").is_dir() or not (folder / "cur").is_dir():
            raise CommandError(f"{folder} is no maildir: it has no new/ and cur/.")
        if options["dry_run"]:
            self.stdout.write(f"new={sum(1 for _ in (folder / 'new').iterdir())} read=0 taken=0")
            return
        read, taken = arrivals.take_maildir(folder=folder, limit=limit)
        self.stdout.write(f"read={read} taken={taken}")
