"""The local mail sink: takes every mail on a loopback port, keeps it as a file, says so, and shows them all on a page.

python -m deploy.local.mail PORT FOLDER [PORT OF THE PAGE]
"""

import asyncio
import itertools
import os
import signal
import sys
import tempfile
import threading
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local.mail_page import page_server
from deploy.local.orphans import die_with_parent

LOOPBACK = "127.0.0.1"
BIGGEST_MAIL_BYTES = 32 * 1024 * 1024


class Keep:
    """Write each mail into the folder, complete or not at all."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers = itertools.count(1)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content or b""
        name = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}-{next(self.numbers):05}.eml"
        with tempfile.NamedTemporaryFile(dir=self.folder, delete=False) as part:
            part.write(content)
        Path(part.name).rename(self.folder / name)
        subject = message_from_bytes(content, policy=policy.default)["Subject"]
        print(f"{', '.join(envelope.rcpt_tos)}: {subject} ({self.folder / name})", flush=True)
        return "250 kept"


async def serve(port: int, folder: Path, page_port: int | None = None) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if page_port:
        pages = page_server(page_port, folder)
        threading.Thread(target=pages.serve_forever, daemon=True).start()
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for sig in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sig, ended.set)

    def protocol() -> SMTP:
        return SMTP(Keep(folder), data_size_limit=BIGGEST_MAIL_BYTES, enable_SMTPUTF8=True, hostname="localhost")

    async with await loop.create_server(protocol, LOOPBACK, port):
        print(f"mails are kept in {folder}", flush=True)
        await ended.wait()


if __name__ == "__main__":
    die_with_parent()
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:4])))
