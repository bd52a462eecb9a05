"""The session engine: Django's `SessionStore`, with Postgres as the judge and Redis as a copy.

Set as `SESSION_ENGINE`. It follows the documented behaviour of Django's own engines and adds: only the hash of
the token is stored; a save writes the keys that it changed over whatever the row holds by then; a revoked row
takes no save; limits depend on who signed in and how.
"""

import secrets
from datetime import UTC, datetime
from typing import Any

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import IntegrityError, router, transaction
from django.db.models import F
from django.utils import timezone

from sessions_app import cache, limits, renewals, services
from sessions_app.cache import Entry, Header
from sessions_app.clients import Client
from sessions_app.models import Session, token_hash

log = structlog.get_logger(__name__)

SAVE_ATTEMPTS = 20
PRIVILEGES_KEY = "_privileges"
METHODS_KEY = "account_authentication_methods"  # allauth's record of how the person proved themselves
MISSING = object()


class SessionStore(SessionBase):
    client: Client | None = None
    device_id: int | None = None
    # The token that came is not alive, because another request gave its browser a newer one a moment ago.
    was_renewed = False

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self._forget()

    def _forget(self) -> None:
        """Hold no row: the next save has nothing to compare with."""
        self._version = 0
        self._header: Header | None = None
        self._stored = b""

    # --- What the row knows -------------------------------------------------------------------------------

    @property
    def row_id(self) -> int | None:
        """The primary key of the row behind this session, once it was loaded or saved."""
        return self._header.row_id if self._header else None

    @property
    def last_seen_at(self) -> datetime | None:
        return _moment(self._header.last_seen_at) if self._header else None

    @property
    def version(self) -> int:
        return self._version

    @property
    def token_hash(self) -> bytes:
        return token_hash(self.session_key or "")

    def _get_new_session_key(self) -> str:
        return secrets.token_urlsafe(32)

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    # --- Load ---------------------------------------------------------------------------------------------

    def load(self) -> dict[str, Any]:
        if self.session_key is None:
            return {}
        now = timezone.now()
        entry, lease = cache.get(self.token_hash)
        # What nobody is behind, nobody asks Postgres about later: an anonymous copy would outlive its session.
        if entry is None or not entry.header.user_id or entry.header.idle_expires_at <= now.timestamp():
            return self._load_row(now, lease)
        try:
            data = self.serializer().loads(entry.body)
        except Exception:  # noqa: BLE001  (whatever a foreign serialiser raises, the row decides)
            cache.drop([self.token_hash])
            return self._load_row(now, "")
        self._hold(entry)
        return data

    def _load_row(self, now: datetime, lease: str) -> dict[str, Any]:
        row = Session.objects.active(now).filter(token_hash=self.token_hash).first()
        if row is None:
            log.info("session_unknown", token_hash=self.token_hash.hex()[:16])
            self.was_renewed = renewals.is_recent(self.token_hash)
            self._session_key = None
            self._forget()
            return {}
        data = self.decode(row.data)
        entry = self._entry(row, data)
        self._hold(entry)
        if entry.header.user_id:
            cache.fill(self.token_hash, lease, entry)
        return data

    def reload(self) -> None:
        """Read the row again, past the cache: the caller knows that the copy is stale."""
        if self.session_key is not None:
            cache.drop([self.token_hash])
            self._session_cache = self._load_row(timezone.now(), "")

    def abandon(self) -> None:
        """Become an anonymous, empty session without touching the row."""
        if self.session_key is not None:
            cache.drop([self.token_hash])
            self.was_renewed = renewals.is_recent(self.token_hash)
        self.clear()
        self._session_key = None
        self._forget()

    def clear(self) -> None:
        # Read first: a save removes the keys that it knows of.
        self._get_session(no_load=self.session_key is None)  # type: ignore[attr-defined]
        super().clear()

    def _entry(self, row: Session, data: dict[str, Any]) -> Entry:
        header = Header(
            row.pk,
            row.user_id or 0,
            row.device_id or 0,
            row.created_at.timestamp(),
            row.last_seen_at.timestamp(),
            row.idle_expires_at.timestamp(),
            row.absolute_expires_at.timestamp(),
        )
        return Entry(row.version, header, self.serializer().dumps(data))

    def _hold(self, entry: Entry) -> None:
        self._version, self._header, self._stored = entry
        self.device_id = entry.header.device_id or None

    # --- Save ---------------------------------------------------------------------------------------------

    def exists(self, session_key: str | None) -> bool:
        return session_key is not None and Session.objects.active().filter(token_hash=token_hash(session_key)).exists()

    def create(self) -> None:
        while True:
            self._session_key = self._get_new_session_key()
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        if self.session_key is None:
            return self.create()
        data = self._get_session(no_load=must_create)  # type: ignore[attr-defined]
        if must_create:
            self._insert(data)
        else:
            self._update(data)
        return None

    def _insert(self, data: dict[str, Any]) -> None:
        now = timezone.now()
        row = Session(token_hash=self.token_hash, created_at=now, last_seen_at=now, **self._columns(data, now, now))
        if self.client is not None:
            row.address, row.user_agent = self.client.address, self.client.user_agent
        using = router.db_for_write(Session)
        try:
            with transaction.atomic(using=using, savepoint=True):
                if row.user_id is not None:
                    limits.make_room(user_id=row.user_id, keep_session_id=None)
                row.save(force_insert=True, using=using)
        except IntegrityError as error:
            if "token_hash" not in str(error):
                raise
            raise CreateError from error
        self._hold(self._entry(row, data))

    def _update(self, data: dict[str, Any]) -> None:
        before = self.serializer().loads(self._stored) if self._stored else {}
        changed = {name: data.get(name, MISSING) for name in before.keys() | data.keys()}
        changed = {name: value for name, value in changed.items() if value != before.get(name, MISSING)}
        for _ in range(SAVE_ATTEMPTS):
            row = self._try_update(data)
            if row is not None:
                break
            # Somebody saved this session since we read it: put our keys over theirs, and try again. Each
            # failure is another's success, so the last attempt need not be the luckiest.
            fresh = Session.objects.filter(token_hash=self.token_hash, revoked_at=None).first()
            if fresh is None:
                # What we read may have been a copy whose removal got lost.
                cache.drop([self.token_hash])
                raise UpdateError
            merged = self.decode(fresh.data)
            for name, value in changed.items():
                if value is MISSING:
                    merged.pop(name, None)
                else:
                    merged[name] = value
            data = merged
            self._hold(self._entry(fresh, merged))
        else:
            raise UpdateError
        self._session_cache = data
        entry = self._entry(row, data)
        self._hold(entry)
        digest = self.token_hash
        if entry.header.user_id:
            transaction.on_commit(lambda: cache.replace(digest, entry), robust=True)
        else:
            transaction.on_commit(lambda: cache.drop([digest]), robust=True)

    def _try_update(self, data: dict[str, Any]) -> Session | None:
        """Write `data` if the row still is what we read; return the row as written, or None."""
        now = timezone.now()
        header = self._header
        person = _user_id(data)
        signs_in = person is not None and (header is None or header.user_id != person)
        created_at = now if signs_in or header is None else _moment(header.created_at)
        columns = self._columns(data, created_at, now)
        if signs_in:
            columns["created_at"] = columns["last_seen_at"] = now
        rows = Session.objects.filter(token_hash=self.token_hash, revoked_at=None, version=self._version)
        with transaction.atomic(savepoint=False):
            if signs_in and person is not None:
                limits.make_room(user_id=person, keep_session_id=self.row_id)
            if not rows.update(version=F("version") + 1, **columns):
                return None
            # While the row is ours: after the commit, the next writer's version would be read with our data.
            return Session.objects.defer("data").get(token_hash=self.token_hash)

    def _columns(self, data: dict[str, Any], created_at: datetime, now: datetime) -> dict[str, Any]:
        person = _user_id(data)
        columns: dict[str, Any] = {"data": self.encode(data), "user_id": person, "device_id": self.device_id}
        if person is None:
            ends = self.get_expiry_date(expiry=data.get("_session_expiry"))
            return columns | {"idle_expires_at": ends, "absolute_expires_at": ends}
        idle, absolute = _expiries(data, created_at, now)
        methods = [record for record in data.get(METHODS_KEY) or [] if isinstance(record, dict)]
        latest = methods[-1] if methods else {}
        return columns | {
            "idle_expires_at": idle,
            "absolute_expires_at": absolute,
            "remembered": bool(data.get("_session_expiry")) and isinstance(data["_session_expiry"], int),
            "authenticated_at": _moment(latest["at"]) if "at" in latest else created_at,
            "authenticated_by": "+".join(dict.fromkeys(str(r.get("type") or r.get("method")) for r in methods))[:40],
        }

    def touch(self, now: datetime) -> None:
        """Note that the session was used, at most once in `SESSION_SEEN_EVERY`, and push its idle limit."""
        header = self._header
        if header is None or now - _moment(header.last_seen_at) < settings.SESSION_SEEN_EVERY:
            return
        idle, _ = _expiries(self._session, _moment(header.created_at), now)  # type: ignore[attr-defined]
        # The role may have changed in this very request: its limits are written when the session is saved.
        idle = min(idle, _moment(header.absolute_expires_at))
        seen: dict[str, object] = {"last_seen_at": now, "idle_expires_at": idle}
        if self.client is not None:
            seen |= {"address": self.client.address}
        idlers = Session.objects.active(now).filter(
            pk=header.row_id, last_seen_at__lte=now - settings.SESSION_SEEN_EVERY
        )
        if not idlers.update(**seen):
            # Another request noted it; our copy is older than the row.
            cache.drop([self.token_hash])
            return
        self._header = header._replace(last_seen_at=now.timestamp(), idle_expires_at=idle.timestamp())
        cache.replace(self.token_hash, Entry(self._version, self._header, self._stored))

    # --- Renew and end ------------------------------------------------------------------------------------

    def cycle_key(self, *, proven: bool = False) -> None:
        """Give the same session a new token; the old one is dead in the same statement.

        With `proven`, this request has just shown who its person is: if another one renewed the token while this one
        was on its way, both get the same new token. Raise SessionInterrupted when it was somebody's session and has
        ended, or was renewed without such a proof.
        """
        data = self._session  # type: ignore[attr-defined]
        old = self.session_key
        if old is None:
            self.create()
            self._session_cache = data
            return
        new = renewals.renew(old)
        if new is None and proven:
            new = renewals.join(old, session_id=self.row_id or 0)
        if new is None:
            # Ended, or renewed by another request, since we read it.
            self.abandon()
            if SESSION_KEY in data:
                # A session of its own would bring back to life what somebody has just ended.
                raise SessionInterrupted("You were signed out meanwhile.")
            self._session_cache = data
            self.create()
            return
        self._session_key = new
        self.modified = True
        transaction.on_commit(lambda: cache.drop([token_hash(old)]), robust=True)

    def delete(self, session_key: str | None = None) -> None:
        self.end(session_key)

    def end(self, session_key: str | None = None) -> bool:
        """Delete the row; return False when it was gone, so that one of two requests at once ended it."""
        session_key = session_key or self.session_key
        if session_key is None:
            return False
        digest = token_hash(session_key)
        ended, _ = Session.objects.filter(token_hash=digest).delete()
        if session_key == self.session_key:
            self._session_key = None
            self._forget()
        transaction.on_commit(lambda: cache.drop([digest]), robust=True)
        return bool(ended)

    @classmethod
    def clear_expired(cls) -> None:
        services.clear_expired()

    # --- The same for async callers: the work is Postgres and Redis, in Django's database thread -------------

    async def aload(self) -> dict[str, Any]:
        return await sync_to_async(self.load)()

    async def aexists(self, session_key: str | None) -> bool:
        return await sync_to_async(self.exists)(session_key)

    async def acreate(self) -> None:
        await sync_to_async(self.create)()

    async def asave(self, must_create: bool = False) -> None:
        await sync_to_async(self.save)(must_create)

    async def acycle_key(self) -> None:
        await sync_to_async(self.cycle_key)()

    async def adelete(self, session_key: str | None = None) -> None:
        await sync_to_async(self.delete)(session_key)

    @classmethod
    async def aclear_expired(cls) -> None:
        await sync_to_async(cls.clear_expired)()


def _user_id(data: dict[str, Any]) -> int | None:
    value = data.get(SESSION_KEY)
    return int(value) if value is not None else None


def _expiries(data: dict[str, Any], created_at: datetime, now: datetime) -> tuple[datetime, datetime]:
    custom = data.get("_session_expiry")
    return limits.expiries(
        staff=limits.is_staff(data.get(PRIVILEGES_KEY, "")),
        seconds=custom if isinstance(custom, int) else None,
        fixed=datetime.fromisoformat(custom) if isinstance(custom, str) else None,
        created_at=created_at,
        now=now,
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
