"""The environment, read key by key; what is missing or malformed stops the start with one line that names it.

A value is never repeated in an error, because it may be a password.
"""

import re
from base64 import b64decode
from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.exceptions import ImproperlyConfigured

from config import redis_address
from config.redis_address import RedisAddress

Network = IPv4Network | IPv6Network

ON = frozenset({"on", "true", "yes", "1"})
OFF = frozenset({"off", "false", "no", "0"})
DATABASE_SCHEMES = frozenset({"postgres", "postgresql", "pgsql"})
MAIL_SCHEMES = ("smtp", "smtp+tls", "smtp+ssl", "consolemail", "dummymail")
MAIL_EXAMPLE = "smtp+tls://user:password@host:587"
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
        return self._address(key, default).rstrip("/")

    def _address(self, key: str, default: str) -> str:
        wanted = "an address such as https://hall.example.org"
        parts = self._parsed(key, default, urlsplit, wanted)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise ImproperlyConfigured(f"{key} must be {wanted}.")
        return self.text(key, default)

    def service(self, key: str) -> str:
        """Return the address that requests are sent to, as it was written; nothing when none is named."""
        return self.text(key, "") and self._address(key, "")

    def signing_secret(self, key: str, *, needed: bool) -> str:
        """Return a secret of Standard Webhooks; nothing when none is needed."""
        wanted = "whsec_ and 24 to 64 bytes in base64"
        if not needed:
            return ""
        secret = self.text(key)
        raw = self._parsed(key, None, lambda text: b64decode(text.removeprefix("whsec_"), validate=True), wanted)
        if not secret.startswith("whsec_") or not 24 <= len(raw) <= 64:
            raise ImproperlyConfigured(f"{key} must be {wanted}.")
        return secret

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

    def mail_servers(self, key: str, default: str) -> list[str]:
        """Return the addresses where mail is handed over, in order."""
        wanted = f"one or more of {', '.join(f'{each}://' for each in MAIL_SCHEMES)}, such as {MAIL_EXAMPLE}"
        found = self.names(key, [default])
        for url in found:
            try:
                parts = urlsplit(url)
                known = parts.scheme in MAIL_SCHEMES and (parts.hostname or not parts.scheme.startswith("smtp"))
                _ = parts.port
            except ValueError:
                known = None
            if not known:
                raise ImproperlyConfigured(f"{key} must be {wanted}.")
        return found

    def mail_sender(self, key: str, default: str) -> str:
        value = self.text(key, default)
        if not re.fullmatch(r"[^\r\n<>]*<?[^\s<>@]+@[^\s<>@]+>?", value):
            raise ImproperlyConfigured(f"{key} must be an address such as Hall <hall@example.org>.")
        return value

    def rates(self, key: str, default: str) -> dict[str, int]:
        """Return numbers a second by domain."""
        found: dict[str, int] = {}
        for part in self.names(key, [default]):
            name, _, number = part.partition("=")
            if not name.strip() or not number.strip().isdecimal():
                raise ImproperlyConfigured(f"{key} must be like *=0,example.org=5: mails a second.")
            found[name.strip().lower()] = int(number)
        return found

    def dkim_key(self, *, domain: str, path: str) -> bytes:
        """Return the private key that mails are signed with; nothing when none is named."""
        if bool(domain) != bool(path):
            raise ImproperlyConfigured("EMAIL_DKIM_DOMAIN and EMAIL_DKIM_KEY_FILE must be set together.")
        if not path:
            return b""
        try:
            key = Path(path).read_bytes()
        except OSError:
            raise ImproperlyConfigured("EMAIL_DKIM_KEY_FILE must be a file that can be read.") from None
        try:
            is_rsa = isinstance(serialization.load_pem_private_key(key, password=None), rsa.RSAPrivateKey)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            # TypeError: it asks for a password.
            is_rsa = False
        if not is_rsa:
            raise ImproperlyConfigured("EMAIL_DKIM_KEY_FILE must hold a private RSA key in PEM, without a password.")
        return key

    def storage(self, key: str, folder: Path) -> dict[str, Any]:
        """Return one of Django's storages: a folder, or a bucket of S3 or of what speaks its language."""
        if not self.text(key, "-").startswith("s3"):
            if self._env.str(key, "").strip():
                raise ImproperlyConfigured(f"{key} must look like s3://key:secret@host/bucket.")
            options: dict[str, Any] = {"location": str(folder), "file_permissions_mode": 0o640}
            return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
        self._check_scheme(key, frozenset({"s3", "s3+http"}), "s3://key:secret@host/bucket")
        parts = self._parsed(key, None, urlsplit, "an address such as s3://key:secret@host/bucket")
        bucket, _, location = parts.path.strip("/").partition("/")
        if not parts.hostname or not bucket:
            raise ImproperlyConfigured(f"{key} must name a host and a bucket: s3://key:secret@host/bucket.")
        scheme = "http" if parts.scheme == "s3+http" else "https"
        options = {
            "bucket_name": bucket,
            "location": location,
            "endpoint_url": f"{scheme}://{parts.netloc.rpartition('@')[2]}",
            "access_key": unquote(parts.username or "") or None,
            "secret_key": unquote(parts.password or "") or None,
            "default_acl": None,
            "file_overwrite": True,
        }
        return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}

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
