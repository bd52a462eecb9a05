"""Where mail is handed over: connections that stay open, the next provider when one fails, and a breaker for each.

Lives in one worker process; its lanes are threads. Knows no rows.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from emailqueue import transmission
from emailqueue.transmission import Connection, Lost, Provider

log = structlog.get_logger(__name__)

# So many failures in a row, with no success of any lane between them, open a breaker; it closes after a while, which
# doubles each time that the first try afterwards fails.
FAILURES_MAX = 3
PAUSE_SECONDS = 10.0
PAUSE_MAX_SECONDS = 300.0
# Servers end a connection that carried too much.
CARRIED_MAX = 500


class AllAway(Exception):
    """No provider can be tried; `retry_after` seconds from now one can."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"no provider can be tried for {retry_after:.0f} s")
        self.retry_after = retry_after


@dataclass
class Health:
    """The breaker of one provider."""

    clock: Callable[[], float] = time.monotonic
    failures: int = 0
    pause: float = PAUSE_SECONDS
    open_until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def wait(self) -> float:
        return max(0.0, self.open_until - self.clock())

    def succeeded(self) -> None:
        # Read without the lock: a success that nobody waits for needs none.
        if self.failures or self.open_until:
            with self._lock:
                self.failures, self.pause, self.open_until = 0, PAUSE_SECONDS, 0.0

    def failed(self) -> bool:
        """Count a failure; return whether it opened the breaker."""
        with self._lock:
            if self.wait:
                # Another lane opened it while this one was still trying: that is no news, and doubles no pause.
                return False
            self.failures += 1
            if self.failures < FAILURES_MAX:
                return False
            was_open = self.open_until > 0
            self.pause = min(self.pause * 2, PAUSE_MAX_SECONDS) if was_open else PAUSE_SECONDS
            self.open_until = self.clock() + self.pause
            return True


class Providers:
    """All providers of a process, in the order in which they are tried."""

    def __init__(self, urls: Sequence[str], *, timeout: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.all = [(transmission.provider(url), Health(clock)) for url in urls]
        self.timeout = timeout

    def usable(self) -> list[tuple[Provider, Health]]:
        """Return those whose breaker is closed. Raise AllAway."""
        found = [(provider, health) for provider, health in self.all if not health.wait]
        if not found:
            raise AllAway(min(health.wait for _, health in self.all))
        return found

    def wait(self) -> float:
        """Return how long nothing can be sent; 0 when something can."""
        return min(health.wait for _, health in self.all)


class Line:
    """What one lane holds in its hand: an open connection, to the first provider that takes it."""

    def __init__(self, providers: Providers) -> None:
        self.providers = providers
        self.connection: Connection | None = None
        self.provider: Provider | None = None
        self.health: Health | None = None

    def open(self) -> tuple[Provider, Connection | None]:
        """Return a provider and its connection, which the others that do not speak SMTP have none of. Raise AllAway."""
        if self.health is not None and self.health.wait:
            self.drop()
        if self.connection is not None and self.connection.carried >= CARRIED_MAX:
            self.connection.quit()
            self.drop()
        if self.connection is not None and self.provider is not None:
            return self.provider, self.connection
        for provider, health in self.providers.usable():
            self.provider, self.health = provider, health
            if not provider.is_smtp:
                return provider, None
            try:
                self.connection = Connection(provider, timeout=self.providers.timeout)
            except Lost as lost:
                self.failed(lost)
                continue
            return provider, self.connection
        raise AllAway(max(1.0, self.providers.wait()))

    def succeeded(self) -> None:
        if self.health is not None:
            self.health.succeeded()

    def failed(self, lost: Lost) -> None:
        """Give the connection up, and count against its provider."""
        opened = self.health.failed() if self.health is not None else False
        name = self.provider.name if self.provider is not None else ""
        log.warning("mail_provider_failed", provider=name, reply=lost.result.reply, left_alone=opened)
        self.drop()

    def drop(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def hang_up(self) -> None:
        if self.connection is not None:
            self.connection.quit()
        self.connection = None
