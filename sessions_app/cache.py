"""The Redis copy of a session, which can be wrong only by being missing.

A reader that misses takes a lease and may fill the entry only while its lease stands; whoever changes or ends
the session removes the lease. So a reader that loaded the row before a revocation cannot put it back after it
(the lease of Nishtala et al., "Scaling Memcache at Facebook", NSDI 2013, section 3.2.1). A writer replaces an
entry only by a version that is not older. Every function returns as if nothing were cached when Redis is away.

An entry is `D`, the version in ten digits, a packed `Header`, then the serialised data; a lease is `L` and a
random mark.
"""

import secrets
import struct
from typing import NamedTuple

from django.conf import settings
from django_redis import get_redis_connection

from lib.breaker import Breaker

PREFIX = "session:"
LEASE_MS = 2000
HEADER = struct.Struct(">QQQdddd")
VERSION_DIGITS = 10

TAKE = """
local found = redis.call('GET', KEYS[1])
if found then return found end
redis.call('SET', KEYS[1], 'L' .. ARGV[1], 'PX', ARGV[2])
return false
"""
FILL = """
if redis.call('GET', KEYS[1]) == 'L' .. ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
  return 1
end
return 0
"""
REPLACE = """
local found = redis.call('GET', KEYS[1])
if not found then return 0 end
if string.sub(found, 1, 1) == 'L' then
  redis.call('DEL', KEYS[1])
  return 0
end
if tonumber(string.sub(found, 2, 11)) <= tonumber(string.sub(ARGV[1], 2, 11)) then
  redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
  return 1
end
return 0
"""


class Header(NamedTuple):
    """What a request must know of its session besides the data; moments are Unix seconds."""

    row_id: int
    user_id: int  # 0 while anonymous
    device_id: int  # 0 when unknown
    created_at: float
    last_seen_at: float
    idle_expires_at: float
    absolute_expires_at: float


class Entry(NamedTuple):
    version: int
    header: Header
    body: bytes

    def pack(self) -> bytes:
        return b"D%0*d" % (VERSION_DIGITS, self.version) + HEADER.pack(*self.header) + self.body

    @classmethod
    def unpack(cls, raw: bytes) -> "Entry | None":
        """Return the entry in `raw`, or None when it is not one of ours."""
        start = 1 + VERSION_DIGITS
        if raw[:1] != b"D" or len(raw) < start + HEADER.size or not raw[1:start].isdigit():
            return None
        header = Header(*HEADER.unpack_from(raw, start))
        return cls(int(raw[1:start]), header, raw[start + HEADER.size :])


_ask = Breaker(lambda: get_redis_connection("default"), event="session_cache_away").ask


def key(token_hash: bytes) -> str:
    return PREFIX + token_hash.hex()


def get(token_hash: bytes) -> tuple[Entry | None, str]:
    """Return the cached entry, or None and the lease under which the caller may fill it ("" for no lease)."""
    name = key(token_hash)
    raw = _ask(lambda redis: redis.get(name))
    lease = ""
    if raw is None:
        lease = secrets.token_hex(8)
        raw = _ask(lambda redis: redis.eval(TAKE, 1, name, lease, LEASE_MS))
    if not isinstance(raw, bytes):
        return None, lease
    entry = Entry.unpack(raw)
    if entry is None and not raw.startswith(b"L"):
        drop([token_hash])
    return entry, ""


def fill(token_hash: bytes, lease: str, entry: Entry) -> None:
    """Store what was read under `lease`, unless the session changed or ended since."""
    if lease:
        _ask(lambda redis: redis.eval(FILL, 1, key(token_hash), lease, entry.pack(), settings.SESSION_CACHE_SECONDS))


def replace(token_hash: bytes, entry: Entry) -> None:
    """Put a newer version in the place of an older one; a missing entry stays missing."""
    _ask(lambda redis: redis.eval(REPLACE, 1, key(token_hash), entry.pack(), settings.SESSION_CACHE_SECONDS))


def drop(token_hashes: list[bytes]) -> None:
    """Remove entries and leases. A lost removal is found by the check that every signed-in request makes."""
    if token_hashes:
        _ask(lambda redis: redis.delete(*map(key, token_hashes)))
