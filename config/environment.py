"""The environment, read key by key; what is missing or malformed stops the start with one line that names it.

A value is never repeated in an error, because it may be a password.
"""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from config import redis_address
from config.redis_address import RedisAddress

Network = IPv4Network | IPv6Network

ON = frozenset({"on", "true", "yes", "1"})
OFF = frozenset({"off", "false", "no", "0"})
DATABASE_SCHEMES = frozenset({"postgres", "postgresql", "pgsql"})
REDIS_SCHEMES = frozenset({"redis", "rediss", "unix", "sentinel"})


class Environment:
    def __init__(self, env_file: Path) -> None:
        self._env = environ.Env()
        environ.Env.read_env(self._env.str("ENV_FILE", str(env_file)) or str(env_file), overwrite=False)

    def text(self, key: str, default: str | None = None) -> str:
        """Return the value; an empty one is as good as none."""
        value = self._env.str(key, "").strip() or default
        if value is None:
            raise ImproperlyConfigured(f"{key} is not set: .env.example says what it means.")
        return value

    def flag(self, key: str, default: bool) -> bool:
        value = self.text(key, "on" if default else "off").lower()
        if value not in ON | OFF:
            raise ImproperlyConfigured(f"{key} must be on or off.")
        return value in ON

    def number(self, key: str, default: int, *, least: int | None = None) -> int:
        number: int = self._parsed(key, str(default), int, "a whole number")
        if least is not None and number < least:
            raise ImproperlyConfigured(f"{key} must be at least {least}.")
        return number

    def choice(self, key: str, default: str, choices: Sequence[str]) -> str:
        value = self.text(key, default)
        if value not in choices:
            raise ImproperlyConfigured(f"{key} must be one of {', '.join(choices)}.")
        return value

    def names(self, key: str, default: Sequence[str] = ()) -> list[str]:
        return [part.strip() for part in self.text(key, ",".join(default)).split(",") if part.strip()]

    def networks(self, key: str, default: Sequence[str] = ()) -> list[Network]:
        networks: list[Network] = self._parsed(
            key,
            ",".join(default),
            lambda text: [ip_network(part.strip()) for part in text.split(",") if part.strip()],
            "networks such as 10.0.0.0/8, separated by commas",
        )
        return networks

    def address(self, key: str, default: str) -> str:
        """Return a web address without a slash at its end."""
        wanted = "an address such as https://hall.example.org"
        parts = self._parsed(key, default, urlsplit, wanted)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise ImproperlyConfigured(f"{key} must be {wanted}.")
        return self.text(key, default).rstrip("/")

    def database(self, key: str) -> dict[str, Any]:
        self._check_scheme(key, DATABASE_SCHEMES, "postgres://user:password@host:5432/name")
        parsed: dict[str, Any] = self._parsed(key, None, environ.Env.db_url_config, "a postgres:// address")
        if not parsed.get("NAME"):
            raise ImproperlyConfigured(f"{key} must name a database: postgres://user:password@host:5432/name.")
        return parsed

    def redis(self, key: str) -> RedisAddress:
        self._check_scheme(key, REDIS_SCHEMES, "redis://host:6379/0")
        address: RedisAddress = self._parsed(
            key, None, redis_address.parse, "an address such as sentinel://one:26379,two:26379/0?service=hall"
        )
        return address

    def email(self, key: str, default: str) -> dict[str, Any]:
        parsed: dict[str, Any] = self._parsed(
            key, default, environ.Env.email_url_config, "an address such as smtp+tls://user:password@host:587"
        )
        return parsed

    def _check_scheme(self, key: str, schemes: frozenset[str], example: str) -> None:
        if self.text(key).partition("://")[0] not in schemes:
            raise ImproperlyConfigured(f"{key} must look like {example}.")

    def _parsed(self, key: str, default: str | None, parse: Callable[[str], Any], wanted: str) -> Any:
        try:
            return parse(self.text(key, default))
        except (ValueError, KeyError, ImproperlyConfigured) as error:
            if isinstance(error, ImproperlyConfigured) and "is not set" in str(error):
                raise
            raise ImproperlyConfigured(f"{key} must be {wanted}.") from None
