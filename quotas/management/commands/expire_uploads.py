"""Forget uploads that nobody went on with, give back lapsed reservations, delete bytes that nothing points at."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from quotas.models import Blob, Grant, Upload
from quotas.services import uploads


class Command(BaseCommand):
    help = "Expire uploads and leases; safe to stop, to repeat and to run twice at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, help="expire at most this many of each")
        parser.add_argument("--dry-run", action="store_true", help="count, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        limit = options["limit"]
        if limit is not None and limit < 1:
            raise CommandError("--limit must be at least 1")
        if options["dry_run"]:
            now = timezone.now()
            due = Upload.objects.filter(expires_at__lte=now).count()
            lapsed, doomed = Grant.objects.lapsed(now).count(), Blob.objects.doomed().count()
            self.stdout.write(f"due={due} lapsed={lapsed} doomed={doomed} expired=0")
            return
        expired, released, purged = uploads.expire_uploads(limit=limit)
        self.stdout.write(f"expired={expired} released={released} purged={purged}")
