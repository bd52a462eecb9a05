"""Whatever comes from outside, nothing is lost, nothing is half done, and nothing raises past its edge."""

import contextlib
import json
import socket
import threading
from base64 import b64encode

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from emailqueue import delivery, links
from emailqueue.models import Email, EmailEvent, EmailRecipient, Suppression
from emailqueue.services import arrivals, reports
from emailqueue.services.reports import Report
from tests.emailqueue.conftest import BOB, queued
from tests.races import Gate, held

pytestmark = pytest.mark.django_db(transaction=True)

NOTICE = b"""From: MAILER-DAEMON@example.org
To: %(to)s
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; %(recipient)s
Action: failed
Status: %(status)s
Diagnostic-Code: smtp; %(words)s

--x--
"""
HOSTILE = st.one_of(
    st.binary(max_size=80).map(lambda raw: raw.replace(b"\n", b" ").replace(b"\r", b" ")),
    st.sampled_from([b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"=?utf-8?q?=00?=", b"x" * 5000, b"5.1.1", BOB.encode()]),
)


@hypothesis_settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(recipient=HOSTILE, status=HOSTILE, words=HOSTILE, to=HOSTILE)
@example(recipient=BOB.encode(), status=b"\x00", words=b"a\x00b \xed\xa0\x80", to=b"")
def test_no_bytes_of_a_returned_mail_raise(sent, recipient, status, words, to):
    ours = links.return_path(email_id=sent.pk, sender=sent.sender)

    for path in ((ours,), (to.decode("utf-8", "surrogateescape"),), ()):
        raw = NOTICE % {b"to": to, b"recipient": recipient, b"status": status, b"words": words}
        arrivals.take_mail(raw=raw, return_paths=path)

    assert set(Suppression.objects.values_list("address", flat=True)) <= {BOB}


BODIES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.text(max_size=30), st.floats(allow_nan=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=10), inner, max_size=4)),
    max_leaves=8,
)
RECORDS = ["Delivery", "SpamComplaint", "Open", "Click", "SubscriptionChange", "Bounce"]


@hypothesis_settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(RECORDS),
    fields=st.dictionaries(
        st.sampled_from(
            [
                "Email",
                "Recipient",
                "MessageID",
                "Details",
                "Description",
                "Type",
                "ID",
                "OriginalLink",
                "SuppressSending",
            ]
        ),
        BODIES,
    ),
)
def test_no_report_of_a_provider_raises(client, settings, kind, fields):
    settings.EMAIL_POSTMARK_SECRET = "hush"
    proof = "Basic " + b64encode(b"x:hush").decode()

    answer = client.post(
        "/mail/reports/postmark",
        json.dumps({**fields, "RecordType": kind}),
        content_type="application/json",
        headers={"authorization": proof},
    )

    assert answer.status_code in (204, 400)
    assert not Suppression.objects.exists()


@contextlib.contextmanager
def server_that_says(*answers):
    """Listen, say one answer for each line that comes, and then hang up."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                there, _ = listening.accept()
            except OSError:
                return
            # Whoever is told rubbish hangs up in the middle of it.
            with there, there.makefile("rb") as lines, contextlib.suppress(OSError):
                for answer in answers:
                    there.sendall(answer)
                    if not lines.readline():
                        break

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"smtp://127.0.0.1:{listening.getsockname()[1]}"
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join(10)


GREETING, HELLO = b"220 x\r\n", b"250 x\r\n"


@pytest.mark.parametrize(
    "answers",
    [
        [b"HTTP/1.1 200 OK\r\n\r\n"],
        [b"\x00\x00\x00\r\n"],
        [b"x" * 100_000 + b"\r\n"],
        [b"220-" + b"x" * 60 + b"\r\n"],
        [GREETING, b"999 what\r\n"],
        [GREETING, b"250-a\r\n" * 200 + b"250 b\r\n", b"\xff\xfe\r\n"],
        [GREETING, HELLO, b"250 ok\r\n", b"250 \x00\xff ok\r\n", b"-1 no\r\n"],
        [GREETING, HELLO, b"250 ok\r\n", b"250 ok\r\n", b"200 go on?\r\n"],
        [GREETING, HELLO, b"000 \r\n"],
    ],
)
def test_a_server_that_talks_rubbish_costs_no_mail(settings, answers):
    email = queued(BOB)
    with server_that_says(*answers) as url:
        settings.EMAIL_PROVIDERS, settings.EMAIL_TIMEOUT = [url], 1

        delivery.deliver_due(bulk=True, seconds=5)

    email.refresh_from_db()
    assert email.state == Email.State.QUEUED
    assert EmailRecipient.objects.get().state == "queued"
    assert not Suppression.objects.exists()


def test_a_reply_of_any_bytes_is_kept_as_far_as_it_can_be(settings):
    email = queued(BOB)
    refusal = b"550 5.1.1 \x00\xff\xed\xa0\x80<script>" + b"x" * 2000 + b"\r\n"
    with server_that_says(GREETING, HELLO, b"250 ok\r\n", refusal, b"250 ok\r\n", b"250 ok\r\n") as url:
        settings.EMAIL_PROVIDERS, settings.EMAIL_TIMEOUT = [url], 5

        delivery.deliver_due(bulk=True, seconds=10)

    email.refresh_from_db()
    recipient = EmailRecipient.objects.get()
    assert (email.state, recipient.state, recipient.status) == (Email.State.FAILED, "failed", "5.1.1")
    assert len(recipient.reply) <= 500
    assert "\0" not in recipient.reply


def test_of_two_reports_at_once_the_graver_one_stays(sent):
    recipient = EmailRecipient.objects.get()
    gate = Gate()
    delivered = Report(kind=EmailEvent.Kind.DELIVERED, address=BOB, event_id="1", email_id=sent.pk)
    complained = Report(kind=EmailEvent.Kind.COMPLAINED, address=BOB, event_id="2", email_id=sent.pk)

    with held(gate, lambda: reports.take_reports(source="ses", reports=[delivered]), "INSERT", "emailqueue_emailevent"):
        reports.take_reports(source="ses", reports=[complained])

    recipient.refresh_from_db()
    assert recipient.state == "complained"
