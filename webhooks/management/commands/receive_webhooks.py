"""A receiver for trying out: believes what the public library of Standard Webhooks verifies, and shows it."""

from argparse import ArgumentParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from webhooks import services
from webhooks.models import Endpoint

LOOPBACK = "127.0.0.1"
BODY_MAX = 1_000_000


class Receiver(ThreadingHTTPServer):
    """Answers with `status`, but 401 to what does not verify; `say` gets a line about each request."""

    daemon_threads = True

    def __init__(self, port: int, *, secrets: list[str], status: int, say: Any) -> None:
        super().__init__((LOOPBACK, port), Taken)
        self.secrets, self.status, self.say = secrets, status, say
        self.seen: set[str] = set()

    def verified(self, body: bytes, headers: dict[str, str]) -> Any:
        """Return the payload that one of the secrets verifies, or None."""
        for secret in self.secrets:
            try:
                return Webhook(secret).verify(body, headers)
            except WebhookVerificationError:
                continue
        return None


class Taken(BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        body = self.rfile.read(min(int(length), BODY_MAX)) if length.isascii() and length.isdigit() else b""
        payload = self.server.verified(body, dict(self.headers.items()))
        status = 401 if payload is None else self.server.status
        message_id = self.headers.get("webhook-id", "-")
        again = " again" if message_id in self.server.seen else ""
        self.server.seen.add(message_id)
        what = "not verified" if payload is None else f"{payload.get('type')} {payload.get('data')}"
        self.server.say(f"{status} {message_id}{again} {what}")
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing more: each request has its line already."""


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
        self._say(f"ready http://{LOOPBACK}:{server.server_port}/hook secrets={len(secrets)}")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            self._say(f"received={len(server.seen)}")

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
