"""Where Redis is: one address, or the Sentinels that know it. Plain values, in the words of each library that connects.

redis://host:6379/0, rediss://..., unix://...; Valkey goes by the same
sentinel://user:password@one:26379,two:26379,three:26379/0?service=hall
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from redis.backoff import NoBackoff
from redis.retry import Retry

SENTINEL_PORT = 26379
# One Sentinel that is away must not hold a page: the next one is asked at once.
SENTINEL_SECONDS = 0.25
OPTIONS = frozenset({"service", "sentinel_user", "sentinel_password"})


@dataclass(frozen=True)
class RedisAddress:
    """`url` as it was written. With `sentinels`, they are asked for the primary that goes by `service`."""

    url: str
    sentinels: tuple[tuple[str, int], ...] = ()
    service: str = ""
    login: str = ""
    database: int = 0
    sentinel_login: tuple[tuple[str, str], ...] = ()

    def cache(self) -> dict[str, Any]:
        """Return LOCATION and OPTIONS for django-redis. Reads ask the primary too: a replica lags behind."""
        if not self.sentinels:
            return {"LOCATION": self.url, "OPTIONS": {}}
        return {
            # Where a host would stand, the factory takes the name of the service.
            "LOCATION": f"redis://{self.login}{self.service}/{self.database}",
            "OPTIONS": {
                "CONNECTION_FACTORY": "django_redis.pool.SentinelConnectionFactory",
                "SENTINELS": list(self.sentinels),
                "SENTINEL_KWARGS": self._asking(),
            },
        }

    def broker(self) -> tuple[str, dict[str, Any]]:
        """Return broker_url and what belongs to broker_transport_options for Celery."""
        if not self.sentinels:
            return self.url, {}
        places = [f"sentinel://{self.login}{_host(host)}:{port}/{self.database}" for host, port in self.sentinels]
        return ";".join(places), {"master_name": self.service, "sentinel_kwargs": self._asking()}

    def _asking(self) -> dict[str, Any]:
        """Return how a Sentinel is asked: once, and not for long."""
        timeouts = {"socket_timeout": SENTINEL_SECONDS, "socket_connect_timeout": SENTINEL_SECONDS}
        return timeouts | {"retry": Retry(NoBackoff(), 0)} | dict(self.sentinel_login)


def parse(text: str) -> RedisAddress:
    """Raise ValueError for Sentinels that cannot be read; an address without them is checked by its library."""
    if not text.startswith("sentinel://"):
        return RedisAddress(text)
    # Several hosts with ports are no authority of a URL; everything around them is one.
    _, _, rest = text.partition("://")
    authority, slash, tail = rest.partition("/")
    userinfo, _, hosts = authority.rpartition("@")
    around = urlsplit(f"sentinel://{slash}{tail}")
    given = parse_qs(around.query, keep_blank_values=True, strict_parsing=bool(around.query))
    if around.fragment or not given.keys() <= OPTIONS or any(len(values) > 1 for values in given.values()):
        raise ValueError("an option that nobody knows")
    options = {name: values[0] for name, values in given.items()}
    service, database = options.get("service", ""), around.path.strip("/") or "0"
    if not service or quote(service, safe="") != service or not (database.isascii() and database.isdigit()):
        raise ValueError("no service, or no database")
    return RedisAddress(
        url=text,
        sentinels=tuple(_sentinel(each) for each in hosts.split(",")),
        service=service,
        login=_login(userinfo),
        database=int(database),
        sentinel_login=tuple(
            (name, options[option])
            for option, name in (("sentinel_user", "username"), ("sentinel_password", "password"))
            if options.get(option)
        ),
    )


def _sentinel(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text.strip()}")
    if not parts.hostname or parts.path or parts.query or parts.username is not None:
        raise ValueError("no host")
    return parts.hostname, SENTINEL_PORT if parts.port is None else parts.port


def _host(name: str) -> str:
    return f"[{name}]" if ":" in name else name


def _login(userinfo: str) -> str:
    """Return `user:password@` with every character quoted that could end it."""
    if not userinfo:
        return ""
    user, _, password = userinfo.partition(":")
    return f"{quote(unquote(user), safe='')}:{quote(unquote(password), safe='')}@"
