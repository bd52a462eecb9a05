"""The maintainers' commands."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from sessions_app.models import Session
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue().strip()


def expire(count):
    long_ago = timezone.now() - timedelta(days=3)
    for number in range(count):
        factories.session(user=None, token=f"old{number}", created_at=long_ago)


def test_clearsessions_deletes_what_expired_and_leaves_the_rest(alice):
    expire(3)
    kept = factories.session(user=alice, token="kept")

    said = run("clearsessions")

    assert "deleted=3" in said
    assert list(Session.objects.all()) == [kept]


def test_clearsessions_stops_at_its_limit_and_can_be_repeated():
    expire(5)

    first, second, third = (run("clearsessions", "--limit=3") for _ in range(3))

    assert ["deleted=3" in first, "deleted=2" in second, "deleted=0" in third] == [True] * 3


def test_end_sessions_of_one_person(alice, mallory):
    factories.session(user=alice, token="a")
    factories.session(user=mallory, token="m")

    said = run("end_sessions", f"--user={alice.email}", "--reason=lost laptop")

    assert "ended=1" in said
    assert Session.objects.active().get().user == mallory


def test_end_sessions_of_all(alice, mallory):
    factories.session(user=alice, token="a")
    factories.session(user=mallory, token="m")

    assert "ended=2" in run("end_sessions", "--all", "--reason=drill")
    assert "ended=0" in run("end_sessions", "--all", "--reason=drill")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--all"],
        ["--reason=why"],
        ["--user=nobody@example.org", "--reason=why"],
        ["--all", "--user=a@example.org", "--reason=why"],
    ],
)
def test_wrong_use_is_said(arguments, db):
    with pytest.raises(CommandError):
        run("end_sessions", *arguments)
