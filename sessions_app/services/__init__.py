"""Every write about people, their sessions, devices and tokens that locks, spans rows or leaves the process."""

from sessions_app.services.attempts import begin_attempt, clear_attempts, forgive_attempt, record_failed_sign_in
from sessions_app.services.devices import disown_session, read_not_me, recognise_device, welcome_device
from sessions_app.services.errors import (
    ExpiryInThePast,
    LinkInvalid,
    NoScopes,
    SessionsError,
    TooManyTokens,
    TooManyTries,
)
from sessions_app.services.events import record, subject_hash
from sessions_app.services.people import (
    change_time_zone,
    deactivate_user,
    delete_groups,
    note_email_change,
    note_group_change,
    note_password_change,
    note_privilege_change,
    note_profile_change,
    reactivate_user,
)
from sessions_app.services.sessions import clear_expired, end_all_sessions, end_other_sessions, end_session
from sessions_app.services.stand_ins import ensure_stand_ins, find_people, is_stand_in
from sessions_app.services.tokens import TOKEN_PREFIX, authenticate_token, create_token, revoke_token

__all__ = [
    "TOKEN_PREFIX",
    "ExpiryInThePast",
    "LinkInvalid",
    "NoScopes",
    "SessionsError",
    "TooManyTokens",
    "TooManyTries",
    "authenticate_token",
    "begin_attempt",
    "change_time_zone",
    "clear_attempts",
    "clear_expired",
    "create_token",
    "deactivate_user",
    "delete_groups",
    "disown_session",
    "end_all_sessions",
    "end_other_sessions",
    "end_session",
    "ensure_stand_ins",
    "find_people",
    "forgive_attempt",
    "is_stand_in",
    "note_email_change",
    "note_group_change",
    "note_password_change",
    "note_privilege_change",
    "note_profile_change",
    "reactivate_user",
    "read_not_me",
    "recognise_device",
    "record",
    "record_failed_sign_in",
    "revoke_token",
    "subject_hash",
    "welcome_device",
]
