"""A payment provider on loopback: it charges once for a key, and fails in the ways that providers fail."""

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from tests.faults.processes import LOOPBACK


class Provider:
    """`faults` are used up one a call: a status to answer with, or "cut" for a connection that ends silently; each
    `before` the charge or `after` it."""

    def __init__(self, *faults: tuple[str, int | str]) -> None:
        self.faults = list(faults)
        self.calls: Counter[str] = Counter()
        self.charges: dict[str, int] = {}
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer((LOOPBACK, 0), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def charge(self, key: str) -> tuple[int | str, dict[str, int]]:
        with self._lock:
            self.calls[key] += 1
            when, fault = self.faults.pop(0) if self.faults else ("", 200)
            if when != "before":
                self.charges.setdefault(key, len(self.charges) + 1)
            return fault, {"charge": self.charges.get(key, 0)}


def _handler_of(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            status, body = provider.charge(self.headers["Idempotency-Key"])
            if status == "cut":
                self.close_connection = True
                return
            text = json.dumps(body).encode()
            self.send_response(int(status))
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Say nothing: the tests look at the calls."""

    return Handler
