"""Mail through the API: a member's wishes, and for operators what became of a mail."""

import pytest
from django.contrib.auth.models import Permission

from emailqueue import delivery
from emailqueue.models import Consent, OptOut
from tests import factories
from tests.api.conftest import Program, assert_problem, program
from tests.emailqueue.conftest import BOB, queued

pytestmark = pytest.mark.django_db(transaction=True)

ALL = {"news": True, "reminders": True, "talk": True, "digest": True}


@pytest.fixture
def bob(db):
    return factories.user(name="bob")


@pytest.fixture
def writer(bob):
    return program(bob, "read", "write")


@pytest.fixture
def operator(db):
    olga = factories.user(name="olga", staff=True)
    olga.user_permissions.set(Permission.objects.filter(codename="view_email"))
    return program(olga, "read")


def test_whoever_chose_nothing_gets_everything(writer):
    response = writer.get("/mail-wishes")

    assert response.status_code == 200
    assert response.json() == {"topics": ALL, "everything_off": False, "noted": False}


def test_wishes_are_replaced_as_a_whole_and_hold_from_the_next_mail_on(writer, sink):
    first = writer.send("PUT", "/mail-wishes", {"topics": ["news"], "noted": True})
    second = writer.send("PUT", "/mail-wishes", {"topics": ["digest"]})

    queued(BOB, bulk=True, topic="news", subject="news")
    queued(BOB, bulk=True, topic="digest", subject="digest")
    delivery.deliver_due(bulk=True)
    assert first.json() == {
        "topics": ALL | {"reminders": False, "talk": False, "digest": False},
        "everything_off": False,
        "noted": True,
    }
    assert second.json() == {
        "topics": ALL | {"news": False, "reminders": False, "talk": False},
        "everything_off": False,
        "noted": False,
    }
    assert [taken.mail["Subject"] for taken in sink.taken] == ["digest"]
    assert not Consent.objects.exists()


def test_everything_can_be_stopped_and_begun_again(writer):
    off = writer.send("PUT", "/mail-wishes", {"topics": [], "everything_off": True})
    on = writer.send("PUT", "/mail-wishes", {"topics": list(ALL)})

    assert off.json()["everything_off"]
    assert on.json() == {"topics": ALL, "everything_off": False, "noted": False}
    assert not OptOut.objects.exists()


@pytest.mark.parametrize("email", ["Jo.Capital@Example.ORG", "jo@bücher.example", "JÖRG@bücher.example"])
def test_wishes_hold_however_the_address_of_the_account_is_written(sink, email):
    writer = program(factories.user(name="jo", email=email), "read", "write")

    chosen = writer.send("PUT", "/mail-wishes", {"topics": []})

    queued(email, bulk=True, topic="news")
    delivery.deliver_due(bulk=True)
    assert sink.taken == []
    assert chosen.json()["topics"] == dict.fromkeys(ALL, False) == writer.get("/mail-wishes").json()["topics"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "topics"),
        ({"topics": ["no-such"]}, "no-such"),
        ({"topics": "news"}, "topics"),
        ({"topics": [7]}, "topics"),
        ({"topics": [None]}, "topics"),
        ({"topics": ["news"] * 101}, "topics"),
        ({"topics": ["a\0"]}, ""),
        ({"topics": [], "noted": "perhaps"}, "noted"),
        ({"topics": [], "everything_off": 2**70}, "64 bits"),
        ({"topics": [], "address": "eve@example.org"}, "address"),
        ([], ""),
        (b"{", ""),
        (b'{"topics": ["\\ud800"]}', ""),
        (b"\xff", ""),
    ],
)
def test_wishes_that_are_none_are_refused_and_change_nothing(writer, body, says):
    response = writer.send("PUT", "/mail-wishes", body)

    assert response.status_code in (400, 409, 422)
    assert says in str(assert_problem(response, response.status_code))
    assert not OptOut.objects.exists()


def test_a_token_that_reads_changes_no_wishes_and_without_one_nothing_is_told(bob):
    reader, stranger = program(bob, "read"), Program()

    assert_problem(reader.send("PUT", "/mail-wishes", {"topics": []}), 403)
    for path in ("/mail-wishes", "/mails", "/mails/1"):
        assert_problem(stranger.get(path), 401)
    assert_problem(stranger.send("PUT", "/mail-wishes", {"topics": []}), 401)
    assert not OptOut.objects.exists()


def test_an_operator_lists_mails_newest_first_by_page_and_by_person(operator):
    ids = [queued(address).pk for address in (BOB, "alice@example.org", BOB)]

    first = operator.get("/mails?limit=2").json()
    rest = operator.get(f"/mails?limit=2&cursor={first['next']}").json()
    bobs = operator.get("/mails?address=BOB@Example.org").json()

    assert [item["id"] for item in first["items"]] == [ids[2], ids[1]]
    assert [item["id"] for item in rest["items"]] == [ids[0]]
    assert [item["id"] for item in bobs["items"]] == [ids[2], ids[0]]
    assert "Hello there" not in str(first)


def test_an_operator_reads_the_story_of_a_mail_and_not_what_it_says(operator, sink):
    sink.answers = {"dead@example.org": "550 5.1.1 No such user"}
    email = queued(BOB, "dead@example.org", text="the code is 1234")
    delivery.deliver_due(bulk=True)

    story = operator.get(f"/mails/{email.pk}")

    body = story.json()
    assert body["state"] == "sent"
    assert [(each["address"], each["state"], each["status"]) for each in body["recipients"]] == [
        (BOB, "sent", "2.0.0"),
        ("dead@example.org", "failed", "5.1.1"),
    ]
    assert [line["kind"] for line in body["story"]] == ["queued", "sent", "refused"]
    assert "1234" not in story.content.decode()


def test_who_may_not_see_mails_is_told_nothing_of_them_not_even_their_own(writer):
    email = queued(BOB)

    assert_problem(writer.get("/mails"), 404)
    assert_problem(writer.get(f"/mails/{email.pk}"), 404)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/mails/0", {404, 422}),
        (f"/mails/{2**40}", {404}),
        (f"/mails/{2**70}", {404, 422}),
        ("/mails/-1", {404, 422}),
        ("/mails/one", {404, 422}),
        ("/mails?limit=0", {422}),
        ("/mails?limit=100000", {422}),
        ("/mails?cursor=rubbish", {400, 422}),
        ("/mails?address=" + "x" * 300, {422}),
        ("/mails?address=a%00b", {400, 422}),
        ("/mails?address=%ff", {200, 400, 422}),
    ],
)
def test_what_cannot_be_asked_for_is_refused_and_breaks_nothing(operator, path, status):
    assert operator.get(path).status_code in status


@pytest.mark.parametrize(("method", "path"), [("POST", "/mail-wishes"), ("DELETE", "/mails/1"), ("POST", "/mails")])
def test_there_is_no_other_way_to_write(writer, method, path):
    assert writer.send(method, path, {}).status_code in (404, 405)
