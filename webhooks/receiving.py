"""A receiver for trying out: believes what the public library of Standard Webhooks verifies, and shows it. No Django.

python -m webhooks.receiving whsec_... [--port 8161] [--status 204]
"""

import argparse
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

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


def serve(server: Receiver) -> None:
    """Answer until Ctrl-C."""
    server.say(f"ready http://{LOOPBACK}:{server.server_port}/hook secrets={len(server.secrets)}")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.say(f"received={len(server.seen)}")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description="Verify webhooks on loopback, and show them.")
    parser.add_argument("secrets", nargs="+", metavar="whsec_...")
    parser.add_argument("--port", type=int, default=8161)
    parser.add_argument("--status", type=int, default=204)
    options = parser.parse_args(arguments)
    serve(Receiver(options.port, secrets=options.secrets, status=options.status, say=say))


if __name__ == "__main__":
    main(sys.argv[1:])
