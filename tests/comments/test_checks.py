"""A service of the hall's own is asked about words before they stand, over real sockets; it can fail in every way."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection, transaction
from standardwebhooks import Webhook

from comments import checks, services
from comments.models import Comment, Thread
from tests import factories
from tests.faults.processes import LOOPBACK

SECRET = "whsec_" + "A" * 43 + "="
HOLD = (200, b'{"hold": true, "reason": "Looks like advertising"}')
PASS = (200, b'{"hold": false}')


class Service:
    """Answers with what it is told to, and keeps what it was asked. `silent`: it reads and says nothing."""

    def __init__(self):
        self.answer, self.asked, self.silent = PASS, [], threading.Event()
        self.meanwhile = lambda: None
        self.server = ThreadingHTTPServer((LOOPBACK, 0), _handler(self))
        self.url = f"http://{LOOPBACK}:{self.server.server_address[1]}/check"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.silent.set()
        self.server.shutdown()
        self.server.server_close()


def _handler(service):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            service.asked.append((dict(self.headers), body))
            service.meanwhile()
            if service.answer is None:
                service.silent.wait(30)
                return
            status, answer = service.answer
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.send_header("Location", service.url + "/elsewhere")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            """Say nothing: the tests look at what was asked."""

    return Handler


@pytest.fixture
def service(settings):
    with Service() as service:
        settings.COMMENTS_CHECK_URL, settings.COMMENTS_CHECK_SECRET = service.url, SECRET
        cache.delete(checks.RESTS)
        yield service
    cache.delete(checks.RESTS)


def test_the_service_is_told_what_is_said_by_whom_and_where_in_a_signed_request(service, bread, bob):
    parent = factories.comment(on=bread, by=bob)

    services.post_comment(thing=bread, body="I bring *salt*.", by=bob, parent_id=parent.pk)

    ((headers, body),) = service.asked
    told = Webhook(SECRET).verify(body, {name.lower(): value for name, value in headers.items()})
    assert told["type"] == "comment.check"
    assert told["data"]["body"] == "I bring *salt*."
    assert told["data"]["html"] == "<p>I bring <em>salt</em>.</p>\n"
    assert told["data"]["author"]["name"] == bob.display_name
    assert (told["data"]["about"], told["data"]["parent"]) == (bread.get_absolute_url(), parent.pk)


def test_what_it_holds_waits_with_its_reason(service, bread, bob, at_mona):
    service.answer = HOLD

    row = services.post_comment(thing=bread, body="Salt, cheap.", by=bob)

    assert (row.state, row.verdict) == ("held", "Looks like advertising")
    assert "Looks like advertising" in at_mona.get("/moderation?queue=held").content.decode()


def test_what_it_lets_pass_stands(service, bread, bob):
    assert services.post_comment(thing=bread, body="Salt.", by=bob).state == Comment.State.VISIBLE


def test_an_edit_is_asked_about_too(service, bread, bob):
    row = services.post_comment(thing=bread, body="Salt.", by=bob)
    service.answer = HOLD

    edited = services.edit_comment(comment_id=row.pk, body="Salt, cheap.", by=bob)

    assert edited.state == "held"
    assert json.loads(service.asked[-1][1])["data"]["edits"] == row.pk


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b'{"hold": true}', checks.ASKED_FOR),
        (b'{"hold": true, "reason": 7}', checks.ASKED_FOR),
        (b'{"hold": true, "reason": ""}', checks.ASKED_FOR),
        (b'{"hold": true, "reason": "\\u0000 \\n"}', checks.ASKED_FOR),
        (json.dumps({"hold": True, "reason": "x" * 500}).encode(), "x" * (checks.REASON_MAX - 1) + "…"),
        (b'{"hold": true, "reason": "Rude \\u202e and \\n loud"}', "Rude and loud"),
    ],
)
def test_its_reason_is_words_that_a_page_can_show(service, bread, bob, answer, reason):
    service.answer = (200, answer)

    assert services.post_comment(thing=bread, body="Salt.", by=bob).verdict == reason


BROKEN = [
    (500, b""),
    (204, b""),
    (302, b""),
    (200, b""),
    (200, b"yes"),
    (200, b"[]"),
    (200, b"{}"),
    (200, b'{"hold": "yes"}'),
    (200, b'{"hold": 1}'),
    (200, b"\xff\xfe"),
    (200, b"[" * 4000),
    (200, b'{"hold": true, "reason": "' + b"x" * 5000 + b'"}'),
    (200, b'{"hold": 1' + b"0" * 4000 + b"}"),
]


@pytest.mark.parametrize("answer", BROKEN)
@pytest.mark.parametrize(("without", "state"), [("pass", "visible"), ("hold", "held")])
def test_an_answer_that_is_none_is_decided_by_the_setting(service, bread, bob, settings, answer, without, state):
    service.answer, settings.COMMENTS_CHECK_WITHOUT = answer, without

    assert services.post_comment(thing=bread, body="Salt.", by=bob).state == state


def test_a_service_that_says_nothing_in_its_time_is_not_waited_for_again_at_once(service, bread, bob, settings):
    service.answer, settings.COMMENTS_CHECK_SECONDS = None, 0.2

    rows = [services.post_comment(thing=bread, body=f"Salt {n}.", by=bob) for n in range(3)]

    assert [row.state for row in rows] == ["visible"] * 3
    assert len(service.asked) == 1


def test_after_its_rest_it_is_asked_again(service, bread, bob, settings):
    service.answer = (500, b"")
    services.post_comment(thing=bread, body="Salt.", by=bob)
    assert cache.ttl(checks.RESTS) <= checks.REST_SECONDS

    cache.delete(checks.RESTS)
    service.answer = HOLD

    assert services.post_comment(thing=bread, body="Salt, cheap.", by=bob).state == "held"


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://no-such-host.invalid/", "http://127.0.0.1:1\n/"])
def test_a_service_that_is_not_there_costs_nobody_their_words(service, bread, bob, settings, url):
    settings.COMMENTS_CHECK_URL = url

    assert services.post_comment(thing=bread, body="Salt.", by=bob).state == "visible"
    assert not service.asked


@pytest.mark.django_db(transaction=True)
def test_nothing_is_locked_while_it_thinks(service, bread, bob):
    factories.thread(on=bread)
    locked = []

    def look():
        try:
            with transaction.atomic(durable=True):
                Thread.objects.select_for_update(nowait=True).get()
            locked.append(False)
        except OperationalError:
            locked.append(True)
        finally:
            connection.close()

    service.meanwhile = look

    services.post_comment(thing=bread, body="Salt.", by=bob)

    assert locked == [False]
