"""A mail server for bounces alone (LMTP, RFC 2033, or SMTP), on aiosmtpd: it takes mail to the bounce address only."""

import asyncio
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.db import Error, connection

from emailqueue.services import arrivals

TIMEOUT_SECONDS = 60


class Bounces:
    """What the server asks about each mail."""

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        local, _, domain = settings.EMAIL_BOUNCE_ADDRESS.lower().partition("@")
        given, _, given_domain = address.lower().partition("@")
        if not local or given_domain != domain or given.partition("+")[0] != local:
            return "550 5.1.1 Only bounces come in here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Go on"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(None, _take, envelope)
        except Error:
            # Whoever hands it over keeps it and comes again.
            return "451 4.3.0 The hall's database is away"
        return "250 2.6.0 Taken"


def _take(envelope: Envelope) -> None:
    content = envelope.original_content or b""
    try:
        arrivals.take_mail(raw=content, return_paths=tuple(envelope.rcpt_tos), source="listener")
    finally:
        connection.close()


class Listener(Controller):
    """Runs the server in a thread of its own."""

    def __init__(self, *, host: str, port: int, lmtp: bool) -> None:
        self._lmtp = lmtp
        super().__init__(Bounces(), hostname=host, port=port)

    def factory(self) -> SMTP:
        kind: Any = LMTP if self._lmtp else SMTP
        server: SMTP = kind(
            self.handler,
            data_size_limit=arrivals.BYTES_MAX,
            enable_SMTPUTF8=True,
            hostname="localhost",
            timeout=TIMEOUT_SECONDS,
        )
        return server
