"""Django's own session tests, with our engine and our middleware in the place of its own.

Run by `test_django_suite.py` in a process of its own, with `tests/` of Django's source distribution on the path.
"""

from datetime import timedelta

from django.core import management
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
    pass


# The runner collects what a module holds: of Django's classes only those above, with our engine.
del TestCase
