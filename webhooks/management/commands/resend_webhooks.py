"""Dead letters, made again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from webhooks import services
from webhooks.models import Delivery, Endpoint


class Command(BaseCommand):
    help = "Send the dead letters since a moment again, to endpoints that are enabled."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", required=True, help="a moment such as 2026-11-24T08:00 (UTC)")
        parser.add_argument("--endpoint", type=int, help="only of this endpoint")
        parser.add_argument("--limit", type=int, help="at most so many")
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")

    def handle(self, *args: Any, **options: Any) -> None:
        since = _moment(options["since"])
        endpoint_id, limit = options["endpoint"], options["limit"]
        if endpoint_id is not None and not Endpoint.objects.present().filter(pk=endpoint_id).exists():
            raise CommandError(f"there is no endpoint {endpoint_id}")
        if limit is not None and limit < 0:
            raise CommandError("--limit is at least 0")
        if options["dry_run"]:
            rows = Delivery.objects.dead().since(since)
            rows = rows.filter(endpoint=endpoint_id) if endpoint_id is not None else rows
            self.stdout.write(f"dead={rows.count()} resent=0")
            return
        resent = services.resend_dead(since=since, by=None, endpoint_id=endpoint_id, limit=limit)
        self.stdout.write(f"resent={resent}")


def _moment(text: str) -> Any:
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError("--since is a moment such as 2026-11-24T08:00")
    moment = moment if moment.tzinfo else timezone.make_aware(moment)
    if not 1970 <= moment.year < 9999:
        raise CommandError("--since is a day of our time")
    return moment
