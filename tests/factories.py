"""Rows for tests: typed keyword functions with believable defaults. Alice owns, Bob may, Mallory may not."""

from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.utils import timezone

from comments import rendering
from comments.models import Comment, Discussion, Thread
from sessions_app.models import ApiToken, Device, SecurityEvent, Session, User, token_hash

PASSWORD = "correct horse battery"


def user(
    *,
    name: str = "alice",
    email: str = "",
    password: str = PASSWORD,
    staff: bool = False,
    superuser: bool = False,
    active: bool = True,
    verified: bool = True,
    joined_at: datetime | None = None,
) -> User:
    row = User.objects.create(
        email=email or f"{name}@example.org",
        display_name=name.title(),
        password=make_password(password),
        is_staff=staff or superuser,
        is_superuser=superuser,
        is_active=active,
        joined_at=joined_at or timezone.now(),
    )
    EmailAddress.objects.create(user=row, email=row.email, primary=True, verified=verified)
    return row


def device(*, user: User, token: str = "d" * 43, user_agent: str = "") -> Device:
    return Device.objects.create(user=user, token_hash=token_hash(token), user_agent=user_agent)


def session(
    *,
    user: User | None,
    token: str,
    created_at: datetime | None = None,
    idle: timedelta = timedelta(hours=2),
    absolute: timedelta = timedelta(hours=24),
) -> Session:
    created_at = created_at or timezone.now()
    return Session.objects.create(
        token_hash=token_hash(token),
        user=user,
        created_at=created_at,
        last_seen_at=created_at,
        idle_expires_at=created_at + idle,
        absolute_expires_at=created_at + absolute,
    )


def api_token(*, user: User, name: str = "printer", plain: str = "gh_plain") -> ApiToken:
    return ApiToken.objects.create(
        user=user, name=name, token_hash=token_hash(plain), hint=plain[:9], scopes=[ApiToken.Scope.READ]
    )


def security_event(
    *, user: User | None, kind: SecurityEvent.Kind = SecurityEvent.Kind.SIGNED_IN, note: str = ""
) -> SecurityEvent:
    return SecurityEvent.objects.create(user=user, kind=kind, note=note)


def discussion(
    *, by: User | None, title: str = "Bread on Mondays", body: str = "Bring flour.", pk: int | None = None
) -> Discussion:
    return Discussion.objects.create(
        pk=pk, title=title, body=body, body_html=rendering.render(body), renderer_version=rendering.VERSION, author=by
    )


def thread(*, on: Discussion) -> Thread:
    return Thread.objects.on(on).first() or Thread.objects.create(thing=on)


def comment(
    *,
    by: User | None,
    on: Discussion | None = None,
    under: Comment | None = None,
    body: str = "I bring salt.",
    created_at: datetime | None = None,
    state: str = Comment.State.VISIBLE,
    verdict: str = "",
) -> Comment:
    pk = next_key()
    row = Comment(
        pk=pk,
        thread=under.thread if under else thread(on=on),
        parent=under,
        path=[*(under.path if under else []), pk],
        author=by,
        body=body,
        body_html=rendering.render(body),
        renderer_version=rendering.VERSION,
        created_at=created_at or timezone.now(),
        state=state,
        verdict=verdict,
        published_at=None if state in {Comment.State.HELD, Comment.State.PENDING} else created_at or timezone.now(),
        deleted_at=timezone.now() if state == Comment.State.DELETED else None,
    )
    row.save(force_insert=True)
    row.refresh_from_db()
    return row


def next_key() -> int:
    return next_keys(1)[0]


def next_keys(count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('comments_comment', 'id')) FROM generate_series(1, %s)", [count]
        )
        return [int(key) for (key,) in cursor.fetchall()]
