"""The receiver for trying out, with the secrets of an endpoint of this hall."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from webhooks import services
from webhooks.models import Endpoint
from webhooks.receiving import LOOPBACK, Receiver, serve


class Command(BaseCommand):
    help = "Listen on loopback, verify what comes with the secrets of an endpoint, and show it; until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8161)
        parser.add_argument("--endpoint", type=int, help="whose secrets count (the newest endpoint with this port)")
        parser.add_argument("--status", type=int, default=204, help="what to answer (%(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 200 <= options["status"] <= 599:
            raise CommandError("--status is from 200 to 599")
        secrets = _secrets(options["endpoint"], options["port"])
        try:
            server = Receiver(options["port"], secrets=secrets, status=options["status"], say=self._say)
        except OSError as error:
            raise CommandError(f"port {options['port']} cannot be listened on: {error.strerror}") from error
        serve(server)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _secrets(endpoint_id: int | None, port: int) -> list[str]:
    rows = Endpoint.objects.present()
    if endpoint_id is not None:
        rows = rows.filter(pk=endpoint_id)
    else:
        rows = rows.filter(url__startswith=f"http://{LOOPBACK}:{port}/")
    found = [
        plain
        for endpoint in rows.order_by("-pk")
        for row, plain in services.read_secrets(endpoint_id=endpoint.pk)
        if row.scheme == "v1"
    ]
    if not found:
        raise CommandError(f"no endpoint posts to http://{LOOPBACK}:{port}/: make one, or name one with --endpoint")
    return found
