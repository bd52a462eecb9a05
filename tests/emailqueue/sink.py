"""A mail server for tests: keeps what it takes, and answers each address as it was told to."""

import threading
from collections import Counter
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import NamedTuple

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from deploy.local.ground import LOOPBACK, free_port

WAIT_SECONDS = 30


class Taken(NamedTuple):
    sender: str
    recipients: list[str]
    content: bytes

    @property
    def mail(self) -> EmailMessage:
        return message_from_bytes(self.content, _class=EmailMessage, policy=policy.default)

    @property
    def message_id(self) -> str:
        return self.mail["Message-ID"].strip("<>")


class Sink:
    """`answers` says what an address is told at RCPT; an answer that is a list is told one after the other."""

    def __init__(self, *, port: int | None = None) -> None:
        self.taken: list[Taken] = []
        self.connections = 0
        self.answers: dict[str, str | list[str]] = {}
        # Called with the number of mails taken so far; what it returns is said to the last dot.
        self.at_dot: Callable[[int], str | None] = lambda number: None
        self.hung = threading.Event()
        self.let_go = threading.Event()
        self.hangs_for: set[str] = set()
        self._arrived = threading.Condition()
        sink = self

        class Server(SMTP):
            def connection_made(self, transport) -> None:
                sink.connections += 1
                super().connection_made(transport)

        class Listening(Controller):
            def factory(self) -> SMTP:
                return Server(self.handler, enable_SMTPUTF8=True, hostname="sink.test", timeout=WAIT_SECONDS)

        self._controller = Listening(self, hostname=LOOPBACK, port=port or free_port())

    @property
    def url(self) -> str:
        return f"smtp://{self._controller.hostname}:{self._controller.port}"

    @property
    def port(self) -> int:
        return self._controller.port

    def start(self) -> "Sink":
        self._controller.start()
        # The controller made one to see whether it listens.
        self.connections = 0
        return self

    def stop(self) -> None:
        self.let_go.set()
        self._controller.stop()

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:
        if address.rpartition("@")[2] in self.hangs_for:
            self.hung.set()
            await server.loop.run_in_executor(None, self.let_go.wait, WAIT_SECONDS)
        answer = self.answers.get(address, "250 2.1.5 Ok")
        if isinstance(answer, list):
            answer = answer.pop(0) if answer else "250 2.1.5 Ok"
        if answer.startswith("421"):
            server.transport.write(f"{answer}\r\n".encode())
            server.transport.close()
            return answer
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope) -> str:
        answer = self.at_dot(len(self.taken))
        if answer is not None:
            return answer
        with self._arrived:
            self.taken.append(Taken(envelope.mail_from, list(envelope.rcpt_tos), envelope.original_content))
            self._arrived.notify_all()
            return f"250 2.0.0 Ok: queued as Q{len(self.taken):07}"

    def wait_for(self, number: int) -> None:
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.taken) >= number, WAIT_SECONDS), f"only {len(self.taken)}"

    def copies(self) -> Counter[str]:
        return Counter(taken.message_id for taken in self.taken)
