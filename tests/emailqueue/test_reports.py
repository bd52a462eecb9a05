"""What comes back: returned mails, told apart, by every way in."""

import smtplib

import pytest
from django.core.management import call_command
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from deploy.local.ground import LOOPBACK, free_port
from emailqueue import bounces, delivery, links, listener
from emailqueue.models import Suppression
from emailqueue.services import arrivals
from tests.emailqueue.conftest import BOB, newest_event, queued

pytestmark = pytest.mark.django_db(transaction=True)

DSN = """From: MAILER-DAEMON@mx.example.net
To: {to}
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I could not deliver your mail.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {words}

--b
Content-Type: message/rfc822

Message-ID: <{message_id}>
Subject: Hello

--b--
"""


def dsn(*, action="failed", status="5.1.1", words="550 5.1.1 No such user", address=BOB, to="x@y.z", message_id="none"):
    return DSN.format(action=action, status=status, words=words, address=address, to=to, message_id=message_id).encode()


@pytest.mark.parametrize(
    ("action", "status", "words", "expected", "hard"),
    [
        ("failed", "5.1.1", "550 5.1.1 No such user", "5.1.1", True),
        ("failed", "5.0.0", "550 User unknown", "5.0.0", True),
        ("failed", "5.4.4", "Invalid domain", "5.4.4", True),
        ("failed", "5.2.1", "Account disabled", "5.2.1", True),
        ("failed", "5.2.2", "552 5.2.2 User unknown is what it does not say", "5.2.2", False),
        ("failed", "5.0.0", "552 Mailbox is full", "5.0.0", False),
        ("failed", "5.7.1", "554 5.7.1 Looks like spam", "5.7.1", False),
        ("failed", "4.4.7", "Delivery time expired, user unknown", "4.4.7", False),
        ("failed", "5.0.0", "smtp; 450 4.1.1 Come later", "4.1.1", False),
        ("delayed", "5.1.1", "will be tried again", "5.1.1", False),
    ],
)
def test_the_status_code_counts_more_than_the_words(action, status, words, expected, hard):
    (found,) = bounces.classify(dsn(action=action, status=status, words=words))

    assert (found.recipient, found.status, found.hard) == (BOB, expected, hard)


@pytest.mark.parametrize(
    "raw",
    [
        dsn(action="delivered"),
        dsn(action="relayed"),
        b"From: bob@example.org\nSubject: Out of office\nAuto-Submitted: auto-replied\n\nI am away until Monday.",
        b"From: bob@example.org\nSubject: Please confirm your message\n\nAre you human? bob@example.org",
        b"From: bob@example.org\nSubject: Re: Hello\n\nThanks! My colleague ada@example.org answers.",
        b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/feedback-report\n\n"
        b"Feedback-Type: abuse\nOriginal-Rcpt-To: bob@example.org\n\n--b--\n",
        b"",
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_bounce_is_none(raw):
    assert bounces.classify(raw) == []


@hypothesis_settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 700), st.integers(0, 60))
def test_no_bytes_make_the_classifier_raise(noise, at, length):
    raw = dsn()
    mangled = raw[:at] + noise + raw[at + length :]

    assert all(found.recipient for found in bounces.classify(mangled))
    assert isinstance(bounces.classify(noise), list)
    assert isinstance(bounces.complained(mangled), list)


def test_a_hard_bounce_at_its_own_return_path_suppresses_whom_we_wrote_to(sent, sink):
    back = sink.taken[0].sender
    assert back.startswith(f"bounces+{sent.pk}.")

    arrivals.take_mail(raw=dsn(address="bob.moved@elsewhere.example"), return_paths=(back,))

    assert list(Suppression.objects.values_list("address", "reason")) == [(BOB, "bounce")]
    assert sent.recipients.get().state == "bounced"
    assert newest_event() == ("bounced_hard", "5.1.1")


def test_a_return_path_that_was_made_up_suppresses_nobody(sent):
    arrivals.take_mail(raw=dsn(), return_paths=(f"bounces+{sent.pk}.0123456789abcdef@hall.example",))

    assert not Suppression.objects.exists()
    assert links.email_id_of("bounces+99999999999999999999.x@hall.example") is None


def test_a_bounce_without_return_path_is_known_by_the_message_id_that_it_quotes(sent):
    arrivals.take_mail(raw=dsn(message_id=sent.message_id))

    assert Suppression.objects.filter(address=BOB).exists()


def test_five_soft_bounces_rest_an_address_for_a_month(sink):
    for _ in range(5):
        queued(BOB)
    delivery.deliver_due(bulk=True)

    for taken in sink.taken:
        assert not Suppression.objects.exists()
        arrivals.take_mail(raw=dsn(status="5.2.2", words="552 5.2.2 Full", message_id=taken.message_id))

    row = Suppression.objects.get()
    assert (row.reason, row.expires_at > timezone.now()) == ("soft", True)


@pytest.mark.parametrize("lmtp", [True, False])
def test_bounces_come_in_by_lmtp_and_smtp_and_nothing_else_does(sent, sink, lmtp):
    port = free_port()
    listening = listener.Listener(host=LOOPBACK, port=port, lmtp=lmtp)
    listening.start()
    try:
        with (smtplib.LMTP if lmtp else smtplib.SMTP)(LOOPBACK, port) as client:
            client.sendmail("", [sink.taken[0].sender], dsn())
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                client.sendmail("", ["somebody@else.example"], dsn())
    finally:
        listening.stop()

    assert Suppression.objects.filter(address=BOB).exists()


def test_a_maildir_is_taken_in_once(sent, tmp_path, capsys):
    for folder in ("new", "cur", "tmp"):
        (tmp_path / folder).mkdir()
    (tmp_path / "new" / "1.mail").write_bytes(dsn(message_id=sent.message_id))

    for _ in range(2):
        call_command("import_bounces", str(tmp_path))

    assert capsys.readouterr().out.splitlines() == ["read=1 taken=1", "read=0 taken=0"]
    assert [path.name for path in (tmp_path / "cur").iterdir()] == ["1.mail:2,S"]
