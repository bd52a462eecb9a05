"""Where the benchmark's mail goes: Postfix's smtp-sink, and a small server that keeps count and can be slow.

smtp-sink is taken from PATH or /usr/sbin, else unpacked from Debian's package `postfix`, which root's apt-get fetches;
nothing is installed by that.
"""

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from deploy.local.ground import LOOPBACK, free_port

ADVICE = "bench: smtp-sink is missing: install Debian's package postfix, or run as root so that it can be unpacked"


@contextlib.contextmanager
def smtp_sink() -> Iterator[int]:
    """Run Postfix's smtp-sink; yield its port."""
    with tempfile.TemporaryDirectory() as folder:
        command, libraries = _find(Path(folder))
        port = free_port()
        process = subprocess.Popen(
            [command, *(["-u", "nobody"] if os.geteuid() == 0 else []), f"{LOOPBACK}:{port}", "500"],
            env=os.environ | {"LD_LIBRARY_PATH": libraries},
            stdout=subprocess.DEVNULL,
        )
        try:
            _wait_for(port)
            yield port
        finally:
            process.terminate()
            process.wait()


def _find(folder: Path) -> tuple[str, str]:
    found = shutil.which("smtp-sink") or shutil.which("smtp-sink", path="/usr/sbin:/usr/local/sbin")
    if found:
        return found, os.environ.get("LD_LIBRARY_PATH", "")
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SystemExit(ADVICE)
    folder.chmod(0o755)
    for command in (["apt-get", "download", "-qq", "postfix"], ["sh", "-c", "dpkg -x postfix_*.deb ."]):
        if subprocess.run(command, cwd=folder, stderr=subprocess.DEVNULL, check=False).returncode:
            raise SystemExit(ADVICE)
    print("bench: smtp-sink from Debian's package postfix, unpacked", file=sys.stderr, flush=True)
    return str(folder / "usr/sbin/smtp-sink"), str(folder / "usr/lib/postfix")


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=1):
            return
        if time.monotonic() > deadline:
            raise SystemExit("bench: the sink does not listen")
        time.sleep(0.05)


class CountingSink:
    """Counts each Message-ID and each domain; a domain in `slow` is answered after so many seconds."""

    def __init__(self, *, slow: dict[str, float] | None = None) -> None:
        self.slow = slow or {}
        self.copies: Counter[str] = Counter()
        self.domains: Counter[str] = Counter()
        self.port = free_port()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        _wait_for(self.port)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(asyncio.start_server(self._serve, LOOPBACK, self.port))
        self._loop.run_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        domain = ""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            writer.write(b"220 sink\r\n")
            while line := await reader.readline():
                word = line[:4].upper()
                if word == b"EHLO":
                    writer.write(b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
                elif word == b"RCPT":
                    domain = line.decode().rpartition("@")[2].strip(">\r\n ")
                    if domain in self.slow:
                        await asyncio.sleep(self.slow[domain])
                    writer.write(b"250 ok\r\n")
                elif word == b"DATA":
                    writer.write(b"354 go\r\n")
                    content = await reader.readuntil(b"\r\n.\r\n")
                    found = next(each for each in content.split(b"\r\n") if each.lower().startswith(b"message-id:"))
                    self.copies[found.decode()] += 1
                    self.domains[domain] += 1
                    writer.write(b"250 ok\r\n")
                elif word == b"QUIT":
                    break
                else:
                    writer.write(b"250 ok\r\n")
        writer.close()
