"""Requests of signed-in people through the middleware that the settings name, and what may befall their sessions."""

import io
import itertools
import random
import time
from collections.abc import Callable
from datetime import timedelta
from http.cookies import SimpleCookie
from importlib import import_module
from typing import Any

import time_machine
from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone

from bench.rounds import durations, percentiles, timings
from tests.races import Gate, held, race

OURS = settings.SESSION_ENGINE == "sessions_app.engine"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"
PEOPLE = 5000
# Nobody signs in so often that an older session of theirs has to end.
turns = itertools.count()
WRITES = ("INSERT", "UPDATE", "DELETE")

# --- The pages ----------------------------------------------------------------------------------------------


def person(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.user.pk))


def note(request: HttpRequest) -> HttpResponse:
    request.session[request.GET["name"]] = 1
    return HttpResponse(request.GET["name"])


@login_not_required
def sign_in_page(request: HttpRequest) -> HttpResponse:
    """Do what follows a right password; hashing it would hide all the rest."""
    user = get_user_model().objects.get(pk=request.GET["person"])
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return HttpResponse("signed in")


urlpatterns = [path("person", person), path("note", note), path("sign-in", sign_in_page)]
application = WSGIHandler()

# --- Requests -----------------------------------------------------------------------------------------------


def request(page: str, cookie: str = "", *, query: str = "") -> tuple[int, SimpleCookie]:
    """Ask the application as a web server does; return the status and the cookies that it sets."""
    said: list[Any] = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": page,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "203.0.113.9",
        "HTTP_USER_AGENT": FIREFOX,
        "HTTP_COOKIE": cookie,
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
    }
    response = application(environ, lambda status, headers: said.extend((status, headers)))
    b"".join(response)
    response.close()
    cookies = SimpleCookie()
    for name, value in said[1]:
        if name == "Set-Cookie":
            cookies.load(value)
    return int(said[0][:3]), cookies


def sign_in() -> str:
    """Let the next person sign in on the browser that they always use; return the session's cookie."""
    user_id = people[next(turns) % PEOPLE]
    device = f"device={user_id:0>43}" if OURS else ""
    status, cookies = request("/sign-in", device, query=f"person={user_id}")
    assert status == 200
    return f"{settings.SESSION_COOKIE_NAME}={cookies[settings.SESSION_COOKIE_NAME].value}"


def is_signed_in(cookie: str) -> bool:
    return request("/person", cookie)[0] == 200


def add_people() -> None:
    """Add the people who sign in; each has a password that nobody knows."""
    model = get_user_model()
    named = "email" if OURS else "username"
    model.objects.bulk_create(
        [model(**{named: f"person{number}@example.org"}, password=f"unusable{number}") for number in range(PEOPLE)]
    )


class Counted:
    """Counts the statements of this thread."""

    def __enter__(self) -> "Counted":
        self.statements: list[str] = []
        self._wrapped = connection.execute_wrapper(self._count)
        self._wrapped.__enter__()
        return self

    def __exit__(self, *raised: object) -> None:
        self._wrapped.__exit__(*raised)

    def _count(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.statements.append(sql)
        return execute(sql, params, many, context)


# --- What is measured ---------------------------------------------------------------------------------------

people: list[int] = []
open_cookie = ""


def begin() -> None:
    global open_cookie
    add_people()
    people[:] = get_user_model().objects.order_by("pk").values_list("pk", flat=True)
    open_cookie = sign_in()
    assert is_signed_in(open_cookie)


def requests(times: int) -> dict[str, float]:
    """Ask for the page of somebody who is signed in, over and over."""
    with Counted() as counted:
        request("/person", open_cookie)
    taken = timings(lambda: request("/person", open_cookie), times=times, per="ms")
    assert is_signed_in(open_cookie)
    return taken | {"SQL statements": len(counted.statements)}


def writes_a_minute() -> float:
    """Return how many statements write while somebody asks for a page each second for ten minutes."""
    minutes = 10
    now = timezone.now()
    with Counted() as counted:
        for second in range(minutes * 60):
            with time_machine.travel(now + timedelta(seconds=second), tick=False):
                request("/person", open_cookie)
    return sum(statement.startswith(WRITES) for statement in counted.statements) / minutes


def forget_cached() -> None:
    """Make the next request read Postgres, as when Redis was restarted or the copy ran out."""
    if OURS:
        from django_redis import get_redis_connection

        get_redis_connection("default").flushdb()
    else:
        cache.clear()


def end_session(cookie: str) -> None:
    """End a session from elsewhere, as the page that lists the sessions of a person does."""
    token = cookie.partition("=")[2]
    if OURS:
        from sessions_app import services
        from sessions_app.models import Session, token_hash

        row = Session.objects.get(token_hash=token_hash(token))
        services.end_session(session_id=row.pk, by=None, reason=Session.Reason.PERSON)
    else:
        import_module(settings.SESSION_ENGINE).SessionStore().delete(token)


def survivors_of_chance(times: int) -> int:
    """End so many sessions, each while a request of theirs is under way; return how many are still signed in."""
    found = 0
    for _ in range(times):
        cookie = sign_in()
        forget_cached()
        delay = random.uniform(0, 0.003)

        def end(cookie: str = cookie, delay: float = delay) -> None:
            time.sleep(delay)
            end_session(cookie)

        check(race(lambda cookie=cookie: is_signed_in(cookie), end))
        found += is_signed_in(cookie)
    return found


def survivors_of_the_worst(times: int) -> int:
    """The same, with each request held between its reading the row and its filling the cache."""
    table = import_module(settings.SESSION_ENGINE).SessionStore.get_model_class()._meta.db_table
    found = 0
    for _ in range(times):
        cookie = sign_in()
        forget_cached()
        with held(Gate(), lambda cookie=cookie: is_signed_in(cookie), "SELECT", table) as answered:
            end_session(cookie)
        check(answered)
        found += is_signed_in(cookie)
    return found


def lost_updates(times: int) -> int:
    """Have two requests of one session each keep a value, at once; return how many pairs lost one of them."""
    cookie = sign_in()
    engine = import_module(settings.SESSION_ENGINE)
    lost = 0
    for number in range(times):
        names = (f"left{number}", f"right{number}")
        statuses = race(*[lambda name=name: request("/note", cookie, query=f"name={name}")[0] for name in names])
        check(statuses)
        assert statuses == [200, 200]
        kept = engine.SessionStore(cookie.partition("=")[2]).load()
        lost += any(name not in kept for name in names)
    return lost


def check(results: list[Any]) -> None:
    """Raise what a thread raised: a race that broke says nothing about who won it."""
    for result in results:
        if isinstance(result, Exception):
            raise result


def failures(times: int) -> dict[str, float]:
    """Ask so many times; return the share of answers that are not the page, and how long one takes."""
    statuses: list[int] = []
    taken = durations(lambda: statuses.append(request("/person", open_cookie)[0]), times=times)
    return {"failed": sum(status != 200 for status in statuses), "p50": percentiles(taken, per="ms")["p50"]}


# --- Clearing -----------------------------------------------------------------------------------------------


def add_expired(rows: int) -> None:
    """Add sessions that ended ten days ago, and let Postgres settle as it would have by then."""
    if OURS:
        statement = """
            INSERT INTO sessions_app_session
                (token_hash, data, version, created_at, last_seen_at, idle_expires_at, absolute_expires_at, remembered,
                 user_agent, authenticated_by, revoked_because)
            SELECT sha256(('expired' || n)::bytea), repeat('d', 180), 1, now() - interval '11 days',
                   now() - interval '11 days', now() - interval '10 days', now() - interval '10 days', false,
                   %s, 'password', ''
            FROM generate_series(1, %s) AS n
            """
        parameters: list[Any] = [FIREFOX, rows]
    else:
        statement = """
            INSERT INTO django_session (session_key, session_data, expire_date)
            SELECT 'expired' || n, repeat('d', 180), now() - interval '10 days' FROM generate_series(1, %s) AS n
            """
        parameters = [rows]
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(statement, parameters)
        cursor.execute("VACUUM ANALYZE " + ("sessions_app_session" if OURS else "django_session"))
        cursor.execute("CHECKPOINT")
        cursor.execute("RESET statement_timeout")
    connection.close()


def clear_expired() -> float:
    """Run the command that deployments run; return the seconds that it took."""
    started = time.perf_counter()
    call_command("clearsessions", stdout=io.StringIO())
    return time.perf_counter() - started


def expired_left() -> int:
    return (
        import_module(settings.SESSION_ENGINE)
        .SessionStore.get_model_class()
        .objects.filter(**{"idle_expires_at__lt" if OURS else "expire_date__lt": timezone.now()})
        .count()
    )


def sign_ins(times: int) -> list[float]:
    """Return the seconds of so many sign-ins, of one person after the other."""
    return durations(sign_in, times=times)
