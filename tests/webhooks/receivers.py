"""Real HTTP receivers on loopback, in a thread of their own, that remember what came."""

import asyncio
import ssl
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from aiohttp import web
from standardwebhooks import Webhook

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Request(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def message_id(self) -> str:
        return self.headers["webhook-id"]


async def ok(request: web.Request) -> web.StreamResponse:
    return web.Response(text="thanks")


class Receiver:
    """Answers as `answer` says; `status` is a shorthand for an answer with nothing but that."""

    def __init__(self, answer: Answer = ok, *, tls: ssl.SSLContext | None = None) -> None:
        self.answer, self._tls = answer, tls
        self.requests: list[Request] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> "Receiver":
        self._thread.start()
        self._runner = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self) -> web.AppRunner:
        application = web.Application(client_max_size=1_000_000)
        application.router.add_route("*", "/{path:.*}", self._take)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=self._tls)
        await site.start()
        self.port = runner.addresses[0][1]
        return runner

    async def _take(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append(Request(request.path, headers, await request.read()))
        return await self.answer(request)

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}/hook"

    @property
    def ids(self) -> Counter[str]:
        return Counter(request.message_id for request in self.requests)

    def answers(self, status: int, *, headers: dict[str, str] | None = None, text: str = "") -> None:
        """Answer like this from now on."""

        async def answer(request: web.Request) -> web.StreamResponse:
            return web.Response(status=status, headers=headers, text=text)

        self.answer = answer


def verify(request: Request, secret: str) -> object:
    """Read a request as an integrator does, with the public library; it raises for a signature that is not ours."""
    return Webhook(secret).verify(request.body, request.headers)
