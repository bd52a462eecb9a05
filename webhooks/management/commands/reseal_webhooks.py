"""Secrets under a new key."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from webhooks.sealing import Unreadable
from webhooks.services import upkeep


class Command(BaseCommand):
    help = "Encrypt all secrets and custom headers of endpoints again, under the first of WEBHOOK_SECRET_KEYS."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, help="at most so many secrets")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            resealed = upkeep.reseal_secrets(limit=options["limit"])
        except Unreadable as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"resealed={resealed}")
