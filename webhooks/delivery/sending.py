"""One request, within one deadline, to an address that was checked when its socket was made."""

import asyncio
import socket
import ssl
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Any, Self

import aiohttp
import structlog
from aiohttp.abc import AbstractResolver, ResolveResult
from django.utils import timezone
from yarl import URL

from webhooks import addresses, identifiers, ladder, limits, signatures
from webhooks.delivery.claims import Job
from webhooks.delivery.records import Outcome, Result

log = structlog.get_logger(__name__)

# A name that nobody answers for holds a thread for as long as the system waits; each name holds one at most.
LOOKUPS = 64
# Shorter than the idle time of common servers, so that no request meets a connection that is being closed.
KEPT_OPEN_SECONDS = 1.5
USER_AGENT = "Guildhall-Webhooks/1"
THROTTLED = frozenset({429, 503})
# What a custom header may hold is between the integrator and their receiver.
MASK = "•••"

Resolve = Callable[[str], list[str]]


class NotPublic(OSError):
    """The guard refused an address; an OSError, because that is what a connection is refused with."""


@dataclass(slots=True)
class Trace:
    """What happened to the connection of one attempt; an object, because connecting happens in tasks of its own."""

    refused: str = ""
    address: str = ""


_trace: ContextVar[Trace] = ContextVar("webhooks_trace")


def look_up(host: str) -> list[str]:
    """Return every address of a name."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Resolver(AbstractResolver):
    """Looks a name up once for each connection, and lets it pass only if every one of its addresses may be reached."""

    def __init__(self, resolve: Resolve, guard: Callable[[str, int], None]) -> None:
        self._resolve, self._guard = resolve, guard
        self._threads = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="webhook-names")
        self._asked: dict[str, asyncio.Future[list[str]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host not in self._asked:
            asked = asyncio.get_running_loop().run_in_executor(self._threads, self._resolve, host)
            asked.add_done_callback(lambda _: self._asked.pop(host, None))
            self._asked[host] = asked
        # Shielded: one that gives up must not take the answer from the others who wait for it.
        found = await asyncio.shield(self._asked[host])
        if not found:
            raise OSError(None, f"{host} has no address")
        for address in found:
            self._guard(address, port)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in found
        ]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class Sender:
    """Sends; to be entered once for each event loop.

    `allowed` are addresses that may be reached although they are not public (`addresses.read_url`); `resolve` answers
    for the system's resolver in tests.
    """

    def __init__(
        self,
        *,
        deadline: float,
        allowed: Collection[str] = (),
        resolve: Resolve = look_up,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.deadline, self.allowed, self.resolve, self.tls = deadline, frozenset(allowed), resolve, tls
        self._addresses: dict[int, str] = {}

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            limit=0,
            resolver=Resolver(self.resolve, self._guard),
            use_dns_cache=False,
            socket_factory=self._socket,
            keepalive_timeout=KEPT_OPEN_SECONDS,
            ssl=self.tls or ssl.create_default_context(),
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            # Neither a proxy nor a password from the environment of this process.
            trust_env=False,
            # Bytes as they come: what unpacks to gigabytes is not unpacked.
            auto_decompress=False,
            read_bufsize=limits.ANSWER_READ,
            timeout=aiohttp.ClientTimeout(total=None),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    # --- The guard ----------------------------------------------------------------------------------------

    def _guard(self, address: str, port: int) -> None:
        try:
            addresses.check(ip_address(address), port, allowed=self.allowed)
        except ValueError as error:
            _trace.get(Trace()).refused = str(error)
            raise NotPublic(None, str(error)) from error

    def _socket(self, found: Any) -> socket.socket:
        """Make the socket for an address, right before it connects: every connection passes here, whoever asks."""
        family, kind, protocol, _, where = found
        self._guard(where[0], where[1])
        _trace.get(Trace()).address = f"{where[0]}:{where[1]}"[:60]
        return socket.socket(family, kind, protocol)

    # --- One attempt --------------------------------------------------------------------------------------

    async def send(self, job: Job) -> Result:
        """Make one attempt; whatever happens is in the result."""
        started_at, start = timezone.now(), time.monotonic()
        trace = Trace()
        _trace.set(trace)
        headers = _headers(job, int(started_at.timestamp()))
        try:
            async with asyncio.timeout(self.deadline):
                fields = await self._exchange(job, headers)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            fields = _what_failed(error, trace.refused, self.deadline)
        except Exception as error:  # one attempt that fails in a new way must not end the deliverer
            log.exception("webhook_attempt_failed", delivery=str(job.delivery_id))
            fields = {"outcome": Outcome.BROKEN, "detail": f"The attempt failed: {type(error).__name__}"}
        return Result(
            job,
            started_at=started_at,
            ended_at=started_at + timedelta(seconds=time.monotonic() - start),
            address=self._address(job, trace),
            request_headers=_shown(headers, job.headers),
            **fields,
        )

    async def _exchange(self, job: Job, headers: dict[str, str]) -> dict[str, Any]:
        url = URL(job.url, encoded=True)
        async with self._session.post(url, data=job.body, headers=headers, allow_redirects=False) as response:
            kept, is_cut = await _read(response)
            return _outcome(response) | {"answer": kept, "answer_is_cut": is_cut}

    def _address(self, job: Job, trace: Trace) -> str:
        """Return the address that was connected to; of a connection that was still open, the last one of its endpoint.

        With several addresses behind one name it may have been another of them.
        """
        if trace.address:
            self._addresses[job.endpoint_id] = trace.address
        return trace.address or ("" if trace.refused else self._addresses.get(job.endpoint_id, ""))


def _headers(job: Job, timestamp: int) -> dict[str, str]:
    message_id = identifiers.message_id(job.event_id)
    signature = signatures.sign(message_id=message_id, timestamp=timestamp, body=job.body, secrets=job.secrets)
    return {
        **job.headers,
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature,
    }


def _shown(headers: dict[str, str], custom: dict[str, str]) -> dict[str, str]:
    return {name: MASK if name in custom else value for name, value in headers.items()}


async def _read(response: aiohttp.ClientResponse) -> tuple[bytes, bool]:
    """Return what is kept of an answer and whether there was more; read no further than the limit."""
    kept, read = bytearray(), 0
    while read < limits.ANSWER_READ:
        piece = await response.content.read(limits.ANSWER_READ - read)
        if not piece:
            return bytes(kept), read > len(kept)
        read += len(piece)
        kept += piece[: limits.ANSWER_KEPT - len(kept)]
    # The rest is not read to its end: the connection goes.
    response.close()
    return bytes(kept), True


def _outcome(response: aiohttp.ClientResponse) -> dict[str, Any]:
    status = response.status
    kept = [[name[:100], value[:500]] for name, value in list(response.headers.items())[: limits.ANSWER_HEADERS_KEPT]]
    found: dict[str, Any] = {"status": status, "answer_headers": kept}
    if 200 <= status < 300:
        return found | {"outcome": Outcome.SUCCEEDED}
    if 300 <= status < 400:
        return found | {"outcome": Outcome.REDIRECTED, "detail": "Change the endpoint's URL to where it moved."}
    if status in THROTTLED:
        found["retry_after"] = ladder.read_retry_after(response.headers.get("Retry-After"), timezone.now())
    return found | {"outcome": Outcome.STATUS, "detail": response.reason or ""}


def _what_failed(error: Exception, refused: str, deadline: float) -> dict[str, Any]:
    """Tell apart what can go wrong on the way; words for a person, without our own addresses."""
    if refused:
        return {"outcome": Outcome.BLOCKED, "detail": refused}
    if isinstance(error, TimeoutError):
        return {"outcome": Outcome.TIMED_OUT, "detail": f"No whole answer within {deadline:g} seconds."}
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return {"outcome": Outcome.DNS, "detail": f"{error.host}: {error.os_error.strerror or 'no address'}"}
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return {"outcome": Outcome.TLS, "detail": str(getattr(error, "certificate_error", "") or error)}
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, ConnectionRefusedError):
        return {"outcome": Outcome.REFUSED, "detail": "Nobody listens at that address and port."}
    return {"outcome": Outcome.BROKEN, "detail": f"{type(error).__name__}: {str(error) or 'no words'}"}
