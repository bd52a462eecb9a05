"""Nothing that a client sends causes a 5xx: every address, every form and every header, for everybody."""

import re
from wsgiref.util import setup_testing_defaults

import pytest
from django.conf import settings as django_settings
from django.core.wsgi import get_wsgi_application
from django.test import Client

from lib.charsets import only_text
from tests import factories
from tests.config import hostile
from tests.sessions_app.conftest import FIREFOX, sign_in

pytestmark = pytest.mark.django_db(transaction=True)

OURS = ("/account/", "/settings/", "/metrics", "/admin/operations/", "/admin/sessions_app/session/e")
PARTS = ["/accounts/", "/admin/", "/"]
FORM = "application/x-www-form-urlencoded"


class Visitor:
    """Somebody who sends what they like; keeps what was answered with a 5xx, and signs in again when sent out."""

    def __init__(self, user):
        self.user = user
        self.client = Client(raise_request_exception=False, headers={"user-agent": FIREFOX})
        self.offences = []
        self.asked = 0
        self._come_in()

    def must_have_met_no_fault(self):
        assert not self.offences, "\n".join(self.offences)

    @property
    def cookie(self):
        name = django_settings.SESSION_COOKIE_NAME
        return f"{name}={self.client.cookies[name].value}"

    def _come_in(self):
        if self.user is not None:
            self.client.cookies.clear()
            sign_in(self.user, at=self.client)

    def ask(self, method, path, what="", **request):
        self.asked += 1
        response = self.client.generic(method, path, **request)
        if response.status_code >= 500:
            self.offences.append(f"{response.status_code} {method} {path[:120]} {what}: {_error(response)}")
        cookie = self.client.cookies.get(django_settings.SESSION_COOKIE_NAME)
        if self.user is not None and (cookie is None or not cookie.value):
            self._come_in()
        return response


def _error(response):
    error = getattr(response, "exc_info", None)
    return repr(error[1])[:300] if error else response.content.decode()[-300:]


@pytest.fixture
def unlimited(settings, monkeypatch):
    """The limits would answer before what lies behind them is reached."""
    settings.ACCOUNT_RATE_LIMITS = False
    monkeypatch.setattr("sessions_app.services.attempts.ATTEMPTS_PER_ADDRESS", 10**9)
    monkeypatch.setattr("sessions_app.services.attempts.ATTEMPTS_PER_SUBJECT", 10**9)


@pytest.fixture(params=["stranger", "member", "operator"])
def visitor(request, db, unlimited):
    bob = factories.user(name="bob")
    factories.api_token(user=bob)
    factories.device(user=bob)
    factories.session(user=bob, token="b")
    factories.security_event(user=bob)
    people = {
        "stranger": lambda: None,
        "member": lambda: factories.user(name="alice"),
        "operator": lambda: factories.user(name="olga", superuser=True),
    }
    return Visitor(people[request.param]())


def routes_of(part):
    """Return the routes below a part of the hall; those of "/" are the ones that belong to no other part."""
    others = tuple(other for other in PARTS if other != part and len(other) > len(part))
    return [route for route in hostile.routes() if route.startswith(part) and not (others and route.startswith(others))]


def some(values, number, step):
    """Return every so manieth value, others for each address."""
    return list(values)[number % step :: step]


def step_of(route):
    """Return how many of the values an address gets: of the admin's, which one library answers, the fewest."""
    return 2 if route.startswith(OURS) else 16 if route.startswith("/admin/") else 8


def kinds_of(fields):
    """Return the names of fields; of the rows of a form set only the first one's, as the same code reads the others."""
    return {re.sub(r"-\d+-", "-#-", name): name for name in reversed(fields)}.values()


def sample_of(route, visitor):
    """Return the address with the key of a row that is there, where it asks for one."""
    return hostile.paths_of(route, [str(visitor.user.pk if visitor.user else 1)])[0]


@pytest.mark.parametrize("part", PARTS)
def test_no_path_and_no_query_causes_a_fault_of_ours(part, visitor):
    for number, route in enumerate(routes_of(part)):
        for path in hostile.paths_of(route, some(hostile.PATHS, number, step_of(route))):
            visitor.ask("GET", path)
            visitor.ask("POST", path, data=b"", content_type=FORM)
        for query in some(hostile.QUERIES, number, step_of(route)):
            visitor.ask("GET", f"{sample_of(route, visitor)}?{query}")

    assert visitor.asked > 50
    visitor.must_have_met_no_fault()


@pytest.mark.parametrize("part", PARTS)
def test_no_field_of_any_form_causes_a_fault_of_ours(part, visitor):
    for number, route in enumerate(routes_of(part)):
        path = sample_of(route, visitor)
        fields = hostile.Form(visitor.ask("GET", path).content.decode()).fields
        step = max(8, step_of(route))
        for what, value in some(hostile.VALUES.items(), number, step):
            for name in kinds_of(fields):
                visitor.ask(
                    "POST", path, f"{name}={what}", data=hostile.encoded(fields | {name: value}), content_type=FORM
                )
        for what, value in some(hostile.VALUES.items(), number, step // 2):
            every = dict.fromkeys([*fields, *hostile.NAMES], value)
            visitor.ask("POST", path, f"all={what}", data=hostile.encoded(every), content_type=FORM)

    assert visitor.asked > 50
    visitor.must_have_met_no_fault()


@pytest.mark.parametrize("part", PARTS)
def test_no_header_method_or_body_causes_a_fault_of_ours(part, visitor):
    for number, route in enumerate(routes_of(part)):
        path = sample_of(route, visitor)
        for what, headers in some(hostile.HEADERS.items(), number, step_of(route)):
            sent = {name: value for name, value in headers.items() if name != "content-type"}
            if "cookie" in sent and visitor.user:
                sent["cookie"] += "; " + visitor.cookie
            kind = headers.get("content-type", FORM)
            visitor.ask("GET", path, what, headers=sent)
            visitor.ask("POST", path, what, headers=sent, data=b"a=1", content_type=kind)
        for method in some(hostile.METHODS, number, step_of(route)):
            visitor.ask(method, path)
        for what, (kind, body) in some(hostile.BODIES.items(), number, step_of(route)):
            visitor.ask("POST", path, what, data=body, content_type=kind)

    assert visitor.asked > 50
    visitor.must_have_met_no_fault()


@pytest.mark.parametrize("charset", ["hex", "idna", "punycode", "rot13", "base64", "undefined", "utf-7", "é", "", '"'])
def test_a_character_set_that_is_no_text_counts_as_none(charset):
    answers = []
    for kind in (FORM, "multipart/form-data; boundary=X", "application/json"):
        environ = {"CONTENT_TYPE": f"{kind}; charset={charset}", "QUERY_STRING": "q=%ff", "REQUEST_METHOD": "GET"}
        setup_testing_defaults(environ)
        environ["HTTP_HOST"] = "localhost"

        only_text(get_wsgi_application())(environ, lambda status, headers: answers.append(status))

    assert answers == ["200 OK"] * 3
