"""Django's own session tests, with our engine and our middleware in the place of its own.

Run by `test_django_suite.py` in a process of its own, with `tests/` of Django's source distribution on the path.
"""

from datetime import timedelta

from django.core import management
from django.http import HttpResponse
from django.test import TestCase
from django.utils import timezone
from sessions_tests import tests as django_tests

from sessions_app.engine import SessionStore
from sessions_app.middleware import SessionMiddleware
from sessions_app.models import Session, token_hash

django_tests.SessionMiddleware = SessionMiddleware


class EngineTests(django_tests.SessionTestsMixin, TestCase):
    backend = SessionStore

    def test_clearsessions_deletes_what_expired_and_nothing_else(self):
        self.session["kept"] = True
        self.session.set_expiry(3600)
        self.session.save()
        old = self.backend()
        old["gone"] = True
        old.set_expiry(-3600)
        old.save()

        management.call_command("clearsessions", verbosity=0)

        self.assertEqual(
            [bytes(row.token_hash) for row in Session.objects.all()], [token_hash(self.session.session_key)]
        )

    def test_what_the_row_holds_can_be_decoded(self):
        self.session["x"] = 1
        self.session.set_expiry(timezone.now() + timedelta(hours=1))
        self.session.save()

        row = Session.objects.get(token_hash=token_hash(self.session.session_key))

        self.assertEqual(self.session.decode(row.data)["x"], 1)


class MiddlewareTests(django_tests.SessionMiddlewareTests):
    def test_empty_session_saved(self):
        """The same behaviour as Django's test of this name, which asks Django's own table at its end."""
        request = self.request_factory.get("/")
        request.COOKIES = {}
        middleware = SessionMiddleware(lambda request: HttpResponse("body"))
        middleware.process_request(request)
        request.session["colour"] = "green"
        middleware.process_response(request, HttpResponse("body"))
        del request.session["colour"]

        response = middleware.process_response(request, HttpResponse("body"))

        key = request.session.session_key
        row = Session.objects.get(token_hash=token_hash(key))
        self.assertEqual(request.session.decode(row.data), {})
        self.assertEqual(response.cookies["sessionid"].value, key)
        self.assertEqual(response["Vary"], "Cookie")


# The runner collects what a module holds: of Django's classes only those above, with our engine.
del TestCase
