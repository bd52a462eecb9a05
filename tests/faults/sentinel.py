"""A Redis with a replica, and a Sentinel that promotes the replica when the primary is gone."""

import contextlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import redis

from deploy.local.redis import redis_binary
from tests.faults.processes import LOOPBACK, Process, free_port, until
from tests.faults.servers import Redis

SERVICE = "hall"
PASSWORD = "p@ss:word"
QUOTED = "p%40ss%3Aword"


class Sentinel(Process):
    """It takes a primary for gone after half a second, and rewrites its configuration as it learns."""

    def __init__(self, primary: Redis) -> None:
        self.port = free_port()
        super().__init__([])
        configuration = self.folder / "sentinel.conf"
        configuration.write_text(
            "\n".join(
                [
                    f"port {self.port}",
                    f"bind {LOOPBACK}",
                    f'dir "{self.folder}"',
                    f"sentinel monitor {SERVICE} {LOOPBACK} {primary.port} 1",
                    f"sentinel auth-pass {SERVICE} {PASSWORD}",
                    f"sentinel down-after-milliseconds {SERVICE} 500",
                    f"sentinel failover-timeout {SERVICE} 2000",
                    "",
                ]
            )
        )
        self.command = [redis_binary(), str(configuration), "--sentinel"]

    def wait_until_ready(self) -> None:
        until(lambda: self.ask("num-slaves") == "1", "waiting for Sentinel to know the replica", process=self)

    def primary_port(self) -> int:
        return int(self.ask("port") or 0)

    def ask(self, fact: str) -> str:
        with contextlib.suppress(redis.RedisError), redis.Redis(port=self.port, decode_responses=True) as client:
            answer = client.execute_command("SENTINEL", "MASTER", SERVICE)
            return str(answer[fact])
        return ""


class Watched:
    """The primary, its replica and their Sentinel; `url` is what REDIS_URL says."""

    def __init__(self, primary: Redis, replica: Redis, sentinel: Sentinel) -> None:
        self.primary, self.replica, self.sentinel = primary, replica, sentinel
        # The first of the Sentinels is away from the start.
        places = f"{LOOPBACK}:{free_port()},{LOOPBACK}:{sentinel.port}"
        self.url = f"sentinel://:{QUOTED}@{places}/0?service={SERVICE}"

    def wait_for_promotion(self) -> None:
        until(lambda: self.sentinel.primary_port() == self.replica.port, "waiting for Sentinel to promote the replica")


@contextmanager
def watched() -> Iterator[Watched]:
    with ExitStack() as stack:
        primary = stack.enter_context(Redis(password=PASSWORD))
        replica = stack.enter_context(Redis(password=PASSWORD, of=primary))
        sentinel = stack.enter_context(Sentinel(primary))
        yield Watched(primary, replica, sentinel)
