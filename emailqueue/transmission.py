"""One SMTP connection that several mails share, and what each recipient of a mail was told (RFC 5321, 2920, 2034).

`smtplib` opens it (TLS, sign-in, greeting); the dialogue of a mail is written here, in three packets where the server
takes commands in a row, and with one answer for each recipient.
"""

import contextlib
import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

SCHEMES = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}
ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
REPLY_MAX = 500
DOTS = re.compile(rb"(?m)^\.")
QUEUED_AS = re.compile(
    r"(?:queued as|queued:|id=|ok:? |message accepted:? )\s*<?([A-Za-z0-9._@=+-]{6,200})>?\s*$", re.I
)


class Result(NamedTuple):
    """What became of one recipient: 2xx taken, 4xx try later, 5xx never. `code` 0: nobody answered."""

    code: int
    status: str
    reply: str
    provider_id: str = ""

    @property
    def taken(self) -> bool:
        return 200 <= self.code < 300

    @property
    def final(self) -> bool:
        return 500 <= self.code < 600


class Lost(Exception):
    """The connection is of no use any more: the server closed it, said 421, or did not answer in time."""

    def __init__(self, reply: str, *, code: int = 0, after_dot: bool = False, is_idle_end: bool = False) -> None:
        super().__init__(reply)
        # Whether the server may have taken the mail; and whether it only ended a connection that had done its work.
        self.after_dot, self.is_idle_end = after_dot, is_idle_end
        self.result = Result(code, "4.4.2" if not code else _status(reply), reply[:REPLY_MAX])


class Provider(NamedTuple):
    """Where mail is handed over, as its URL says it."""

    name: str
    url: str
    parts: SplitResult

    @property
    def is_smtp(self) -> bool:
        return self.parts.scheme in SCHEMES


def provider(url: str) -> Provider:
    """Return a provider; its name is its host, and never its password. Raise ValueError."""
    parts = urlsplit(url)
    if parts.scheme in SCHEMES and not parts.hostname:
        raise ValueError("no host")
    _ = parts.port
    return Provider(f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or parts.scheme, url, parts)


class Connection:
    """An open connection. Raise Lost from each method that finds it closed."""

    def __init__(self, provider: Provider, *, timeout: float, hostname: str | None = None) -> None:
        parts = provider.parts
        port = parts.port or SCHEMES[parts.scheme]
        self.carried = 0
        try:
            if parts.scheme == "smtp+ssl":
                self._smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                    parts.hostname or "", port, hostname, timeout=timeout, context=ssl.create_default_context()
                )
            else:
                self._smtp = smtplib.SMTP(parts.hostname or "", port, hostname, timeout=timeout)
        except (OSError, smtplib.SMTPException) as error:
            raise Lost(_words(error), code=getattr(error, "smtp_code", 0)) from error
        try:
            self._smtp.ehlo_or_helo_if_needed()
            if parts.scheme == "smtp+tls":
                self._smtp.starttls(context=ssl.create_default_context())
                self._smtp.ehlo()
            if parts.username:
                self._smtp.login(unquote(parts.username), unquote(parts.password or ""))
            # Small packets, each of which the server waits for.
            self._smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # type: ignore[union-attr]
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Lost(_words(error), code=getattr(error, "smtp_code", 0)) from error
        features = self._smtp.esmtp_features
        self.in_a_row = "pipelining" in features
        self.eight_bit = "8bitmime" in features
        self.utf8 = "smtputf8" in features

    def close(self) -> None:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self._smtp.close()

    def cut(self) -> None:
        """End it from another thread: whoever waits for an answer gets an error at once."""
        with contextlib.suppress(OSError, AttributeError):
            self._smtp.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]

    def quit(self) -> None:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self._smtp.quit()

    def transmit(
        self,
        *,
        return_path: str,
        recipients: Sequence[str],
        content: bytes,
        gate: Callable[[], AbstractContextManager[Callable[[], None]]] = lambda: nullcontext(lambda: None),
        done: Callable[[dict[str, Result]], None] = lambda results: None,
    ) -> dict[str, Result]:
        """Hand one mail over; return a result for each recipient. Raise Lost.

        What stands between the last dot and the end of `done`, which records the results, happens inside `gate`:
        that is the window in which a crash leads to a second mail. The gate gives what is called at the answer.
        """
        utf8 = not (return_path.isascii() and all(map(str.isascii, recipients)))
        if utf8 and not self.utf8:
            results = dict.fromkeys(recipients, Result(550, "5.6.7", "The server takes no address beyond ASCII."))
            done(results)
            return results
        options = (" BODY=8BITMIME" if self.eight_bit and not content.isascii() else "") + (" SMTPUTF8" if utf8 else "")
        commands = [f"MAIL FROM:<{return_path}>{options}\r\n"]
        commands += [f"RCPT TO:<{address}>\r\n" for address in recipients]
        commands.append("DATA\r\n")
        dotted = begun = False
        try:
            answers = self._asked(commands)
            begun = True
            results, go = self._judge(recipients, answers)
            if not go:
                self._asked(["RSET\r\n"])
                done(results)
                return results
            self._smtp.sock.sendall(_stuffed(content))  # type: ignore[union-attr]
            with gate() as note_answer:
                dotted = True
                self._smtp.sock.sendall(b".\r\n")  # type: ignore[union-attr]
                final = self._reply()
                note_answer()
                for address, result in results.items():
                    if result.taken:
                        results[address] = final
                done(results)
        except Lost as lost:
            lost.after_dot = dotted and lost.result.code != 421
            lost.is_idle_end = not begun and self.carried > 0
            raise
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            timed_out = isinstance(error, TimeoutError)
            idle = not begun and self.carried > 0 and not timed_out
            raise Lost(_words(error), after_dot=dotted, is_idle_end=idle) from error
        self.carried += 1
        return results

    def _judge(self, recipients: Sequence[str], answers: list[Result]) -> tuple[dict[str, Result], bool]:
        """Return what each recipient was told, and whether the content may follow."""
        mail, data = answers[0], answers[-1]
        if not mail.taken:
            return dict.fromkeys(recipients, mail), False
        results = dict(zip(recipients, answers[1:-1], strict=True))
        if 300 <= data.code < 400:
            if not any(result.taken for result in results.values()):
                # RFC 2920, section 3.1: DATA was taken although nobody is left; an empty mail ends it.
                self._smtp.sock.sendall(b".\r\n")  # type: ignore[union-attr]
                self._reply()
                return results, False
            return results, True
        return {address: data if result.taken else result for address, result in results.items()}, False

    def _asked(self, commands: list[str]) -> list[Result]:
        """Send commands and return their answers; stop asking when a first command is refused."""
        sock = self._smtp.sock
        if self.in_a_row:
            sock.sendall("".join(commands).encode())  # type: ignore[union-attr]
            return [self._reply() for _ in commands]
        answers: list[Result] = []
        for command in commands:
            if command == "DATA\r\n" and not any(answer.taken for answer in answers[1:]):
                answers.append(Result(503, "", "nobody is left"))
                continue
            if answers and not answers[0].taken:
                answers.append(answers[0])
                continue
            sock.sendall(command.encode())  # type: ignore[union-attr]
            answers.append(self._reply())
        return answers

    def _reply(self) -> Result:
        code, words = self._smtp.getreply()
        reply = words.decode("utf-8", "replace").replace("\x00", "")[:REPLY_MAX]
        if code == 421:
            # RFC 5321, section 3.8: the server is about to close.
            self.close()
            raise Lost(f"421 {reply}", code=421)
        if code == -1:
            raise Lost("The server's answer was no answer.")
        found = QUEUED_AS.search(reply) if 200 <= code < 300 else None
        return Result(code, _status(reply), f"{code} {reply}"[:REPLY_MAX], found.group(1) if found else "")


def _stuffed(content: bytes) -> bytes:
    """Return the content with dots doubled where a line begins with one; its lines end in CRLF."""
    return DOTS.sub(b"..", content) if b"\n." in content or content.startswith(b".") else content


def _status(reply: str) -> str:
    found = ENHANCED.search(reply)
    return found.group(1) if found else ""


def _words(error: Exception) -> str:
    said = getattr(error, "smtp_error", None)
    if isinstance(said, bytes):
        return f"{getattr(error, 'smtp_code', '')} {said.decode('utf-8', 'replace')}"[:REPLY_MAX]
    return f"{type(error).__name__}: {error}"[:REPLY_MAX]
