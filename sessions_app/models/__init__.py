"""Who is here: people, the sessions that they left behind, their devices, tokens and security log.

Invariants:

1. A session is known by a random 256-bit token; only its SHA-256 is stored, in Postgres and in Redis.
2. A session that was revoked, expired, or whose person was deactivated or changed password is refused by the
   very next request on every process, also when Redis lost the delete, and also when another request was
   filling the cache at that moment.
3. Two requests that change different keys of one session at once both keep their change.
4. Losing Redis costs time, never a session and never a 500.
5. A person has at most `SESSION_MAX_PER_PERSON` active sessions.
6. An API token is shown once; only its SHA-256 is stored.
"""

from sessions_app.models.events import SecurityEvent, SignInAttempt, SignInAttemptQuerySet
from sessions_app.models.people import User, UserManager
from sessions_app.models.sessions import Device, Session, SessionQuerySet
from sessions_app.models.tokens import ApiToken, token_hash

__all__ = [
    "ApiToken",
    "Device",
    "SecurityEvent",
    "Session",
    "SessionQuerySet",
    "SignInAttempt",
    "SignInAttemptQuerySet",
    "User",
    "UserManager",
    "token_hash",
]
