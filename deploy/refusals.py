"""What gunicorn refuses by itself, before Django sees it: told as the API tells everything (RFC 9457)."""

import json
import socket

from gunicorn import util

# The longest that gunicorn allows: a query of 250 characters beyond ASCII has three thousand bytes.
LINE_MAX = 8190


def tell_refusals() -> None:
    """Let this process tell them so; gunicorn has no setting for it, and all of its workers write by this function."""
    util.write_error = _write_problem


def _write_problem(sock: socket.socket, status: int, reason: str, message: str) -> None:
    problem = {"type": "about:blank", "title": reason, "status": int(status), "detail": message or reason}
    body = json.dumps(problem).encode()
    lines = [
        f"HTTP/1.1 {status} {reason}",
        "Connection: close",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(body)}",
    ]
    util.write_nonblock(sock, "\r\n".join([*lines, "", ""]).encode("latin-1") + body)
