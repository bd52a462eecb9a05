"""What integrators see and do on their pages."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.sessions_app.conftest import sign_in
from tests.webhooks.conftest import deliver, endpoint, ping, secret_of
from webhooks import services
from webhooks.models import Delivery, Endpoint, Secret

pytestmark = pytest.mark.django_db(transaction=True)

URL = "https://hooks.example.org/in"


@pytest.fixture
def at_alices(alice):
    return sign_in(alice)


@pytest.fixture
def row(alice):
    return endpoint(alice, URL, description="Door display")


def form_of(**fields):
    return {"url": URL, "steps": "0, 1m, 5m", "concurrency": "10", **fields}


def text_of(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def page(name, *args):
    return reverse(f"webhooks:{name}", args=args)


def test_an_endpoint_is_made_by_its_url_alone(at_alices, alice):
    answer = at_alices.post(page("endpoint_new"), form_of(), follow=True)

    made = Endpoint.objects.get()
    assert (made.owner, made.url, made.ladder, made.scope) == (alice, URL, [0, 60, 300], "own")
    assert Secret.objects.get().scheme == "v1"
    assert "Send a test" in text_of(answer)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"url": "https://2130706433/"}, "127.0.0.1"),
        ({"url": "https://[::ffff:7f00:1]/"}, "public addresses only"),
        ({"url": "https://a:b@hooks.example.org/"}, "user name"),
        ({"url": "https://hooks.example.org:0/"}, "Port 0"),
        ({"url": "not a url"}, "spaces"),
        ({"steps": "1m"}, "begin with 0"),
        ({"steps": "0, soon"}, "Write waits"),
        ({"concurrency": "0"}, "greater than or equal to 1"),
        ({"per_minute": "100000"}, "less than or equal to 6000"),
        ({"custom_headers": "Host: x"}, "written by the hall itself"),
        ({"custom_headers": "X-A: b\r\n\r\nInjected"}, "one header a line"),
        ({"custom_headers": "X-A: caf\u00e9"}, "plain ASCII"),
        ({"filters": ["nobody.knows"]}, "not one of the available choices"),
        ({"filters": ["flag.changed"] * 10_000}, ""),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(at_alices, fields, words):
    answer = at_alices.post(page("endpoint_new"), form_of(**fields))

    assert answer.status_code in (400, 422)
    assert words in text_of(answer)
    assert not Endpoint.objects.exists()


def test_only_an_operator_may_hear_of_everything(at_alices):
    answer = at_alices.post(page("endpoint_new"), form_of(scope="hall"))

    assert answer.status_code == 422
    assert "Only operators" in text_of(answer)


def test_a_stale_form_changes_nothing(at_alices, row):
    services.change_endpoint(endpoint_id=row.pk, version=1, description="Mine")

    answer = at_alices.post(page("endpoint_edit", row.pk), form_of(version="1", description="Yours"))

    assert "somewhere else meanwhile" in text_of(answer)
    assert Endpoint.objects.get().description == "Mine"


def test_custom_headers_stay_unless_they_are_named(at_alices, alice):
    row = endpoint(alice, URL, headers={"X-Token": "hush"})
    before = row.sealed_headers

    answer = at_alices.post(page("endpoint_edit", row.pk), form_of(version="1", description="New"))

    row.refresh_from_db()
    assert answer.status_code == 302
    assert (row.description, row.sealed_headers) == ("New", before)
    assert "hush" not in at_alices.get(page("endpoint_edit", row.pk)).content.decode()


@pytest.mark.parametrize(
    "name", ["endpoint", "endpoint_edit", "log", "resend_range", "recover", "test", "secrets", "secrets_rotate"]
)
def test_a_stranger_finds_nothing_of_anothers_endpoint(row, mallory, name):
    at_mallorys = sign_in(mallory)
    method = at_mallorys.get if name in ("endpoint", "endpoint_edit", "log", "resend_range") else at_mallorys.post

    answer = method(page(name, row.pk))

    assert answer.status_code == 404


def test_a_stranger_finds_nothing_of_anothers_delivery(row, alice, mallory):
    ping(alice)
    delivery = Delivery.objects.get()
    at_mallorys = sign_in(mallory)

    assert at_mallorys.get(page("delivery", delivery.pk)).status_code == 404
    assert at_mallorys.post(page("delivery_resend", delivery.pk)).status_code == 404


@pytest.mark.parametrize("name", ["test", "endpoint_pause", "endpoint_remove", "secrets", "secrets_rotate", "recover"])
def test_an_act_is_a_post(at_alices, row, name):
    assert at_alices.get(page(name, row.pk)).status_code == 405


def test_a_test_event_arrives_and_its_page_shows_request_and_answer(at_alices, alice, receiver):
    receiver.answers(418, headers={"X-Pot": "tea"}, text="short and stout")
    made = endpoint(alice, receiver.url, filters=["flag.changed"])
    at_alices.post(page("test", made.pk))

    deliver()

    shown = text_of(at_alices.get(page("delivery", Delivery.objects.get().pk)))
    assert "endpoint.tested" in shown
    assert "webhook-signature: v1," in shown
    assert "X-Pot: tea" in shown
    assert "short and stout" in shown


def test_markup_of_a_receiver_is_shown_as_text(at_alices, alice, receiver):
    receiver.answers(500, headers={"X-Evil": "<script>1</script>"}, text="<script>alert(1)</script>\x00\xff")
    endpoint(alice, receiver.url)
    ping(alice)
    deliver()

    shown = at_alices.get(page("delivery", Delivery.objects.get().pk)).content.decode()

    assert "<script>alert(1)" not in shown
    assert "&lt;script&gt;alert(1)" in shown


def test_the_secret_is_shown_to_its_owner_and_can_be_rotated(at_alices, row):
    before = secret_of(row)

    assert before in text_of(at_alices.post(page("secrets", row.pk)))
    at_alices.post(page("secrets_rotate", row.pk))

    shown = text_of(at_alices.post(page("secrets", row.pk)))
    assert before in shown
    assert secret_of(row) in shown
    assert secret_of(row) != before


def test_a_secret_is_in_no_page_but_its_own_and_is_never_kept(at_alices, row):
    answer = at_alices.post(page("secrets", row.pk))

    assert "no-store" in answer["Cache-Control"]
    assert secret_of(row) not in text_of(at_alices.get(page("endpoint", row.pk)))


def test_pausing_keeps_and_enabling_sends(at_alices, alice, receiver):
    made = endpoint(alice, receiver.url)
    at_alices.post(page("endpoint_pause", made.pk))
    ping(alice)
    assert deliver().sent == 0

    at_alices.post(page("endpoint_enable", made.pk))

    assert deliver().succeeded == 1


def test_one_delivery_is_sent_again_with_the_same_id(at_alices, alice, receiver):
    endpoint(alice, receiver.url)
    event = ping(alice)
    deliver()

    at_alices.post(page("delivery_resend", Delivery.objects.get().pk))
    deliver()

    assert receiver.ids == {event.message_id: 2}


def test_a_span_is_sent_again(at_alices, alice, receiver):
    receiver.answers(410)
    made = endpoint(alice, receiver.url)
    ping(alice)
    deliver()
    receiver.answers(200)
    at_alices.post(page("endpoint_enable", made.pk))
    since = (timezone.now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")

    answer = at_alices.post(page("resend_range", made.pk), {"since": since}, follow=True)

    assert "1 delivery goes out again" in text_of(answer)
    assert deliver().succeeded == 1


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"since": "soon"},
        {"since": "2026-11-24T10:00", "until": "2026-11-23T10:00"},
        {"since": "0000-00-00"},
        {"since": "9999-12-31T23:59"},
    ],
)
def test_a_span_that_is_none_is_refused(at_alices, row, fields):
    answer = at_alices.post(page("resend_range", row.pk), fields)

    assert answer.status_code == 422


def test_the_log_filters_by_state_type_and_time(at_alices, alice, row):
    ping(alice)
    services.send_test(endpoint_id=row.pk, by=alice)
    log = page("log", row.pk)

    def shown(query):
        return at_alices.get(f"{log}?{query}").content.decode().count("list-name")

    assert shown("") == 2
    assert shown("type=endpoint.tested") == 1
    assert shown("state=pending") == 2
    assert shown("state=dead") == 0
    assert shown("since=2999-01-01T00:00") == 0
    assert shown("until=2000-01-01T00:00") == 0
    assert shown("since=rubbish&state=rubbish&type=rubbish") == 2


def test_the_log_follows_by_itself_with_the_same_lines(at_alices, alice, row):
    ping(alice)

    answer = at_alices.get(page("log", row.pk), headers={"hx-request": "true"})

    assert "<html" not in answer.content.decode()
    assert answer.content.decode().count("list-name") == 1


def test_pages_ask_the_same_number_of_questions_for_one_line_and_for_many(
    at_alices, alice, row, django_assert_max_num_queries
):
    for number in range(30):
        ping(alice, number=number)

    for name, most in (("endpoints", 4), ("endpoint", 8), ("log", 5)):
        with django_assert_max_num_queries(most):
            at_alices.get(page(name, *([row.pk] if name != "endpoints" else [])))


def test_every_event_type_has_a_page(at_alices):
    listed = text_of(at_alices.get(page("events")))

    for name in ("flag.changed", "member.signed_up", "endpoint.tested"):
        assert name in listed
        assert "&quot;timestamp&quot;" in text_of(at_alices.get(page("event", name)))
    assert at_alices.get(page("event", "nobody.knows")).status_code == 404


def test_a_removed_endpoint_is_gone_and_its_deliveries_are_dropped(at_alices, alice, row):
    ping(alice)

    at_alices.post(page("endpoint_remove", row.pk))

    assert at_alices.get(page("endpoint", row.pk)).status_code == 404
    assert Delivery.objects.get().state == Delivery.State.DROPPED
    assert not Secret.objects.exists()
