"""Render anew what an older renderer made."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from comments import services


class Command(BaseCommand):
    help = "Render comments and discussions of an older renderer anew; safe to stop and to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, help="at most so many")

    def handle(self, *args: Any, **options: Any) -> None:
        limit = options["limit"]
        if limit is not None and limit < 1:
            raise CommandError("--limit is at least 1")
        done, refused = services.rerender_comments(limit=limit)
        self.stdout.write(f"rendered={done} refused={refused}")
