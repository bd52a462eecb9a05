"""What comes back: returned mails by every way in, and the reports of providers, each proved and each taken in once."""

import base64
import datetime
import json
import smtplib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from django.core.management import call_command
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from deploy.local.ground import LOOPBACK, free_port
from emailqueue import bounces, delivery, links, listener, views
from emailqueue.models import Consent, EmailEvent, OptOut, Suppression
from emailqueue.services import arrivals
from tests.emailqueue.conftest import queued

pytestmark = pytest.mark.django_db(transaction=True)

BOB = "bob@example.org"
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


@pytest.fixture
def sent(sink, settings):
    settings.EMAIL_BOUNCE_ADDRESS = "bounces@hall.example"
    email = queued(BOB)
    delivery.deliver_due(bulk=True)
    email.refresh_from_db()
    return email


def state():
    return EmailEvent.objects.order_by("-pk").values_list("kind", "status").first()


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
    assert state() == ("bounced_hard", "5.1.1")


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


# --- Providers ----------------------------------------------------------------------------------------------------


def basic(secret):
    return {"authorization": "Basic " + base64.b64encode(f"x:{secret}".encode()).decode()}


def post(client, name, body, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(f"/mail/reports/{name}", raw, content_type="application/json", headers=headers)


def postmark(sent, **more):
    provider_id = sent.recipients.get().provider_id
    return {"RecordType": "Bounce", "MessageID": provider_id, "Email": BOB, "ID": 1, "Type": "HardBounce"} | more


def test_postmark_is_believed_with_its_password_only(client, sent, settings):
    settings.EMAIL_POSTMARK_SECRET = "s3cret"

    for headers in ({}, basic("wrong"), {"authorization": "Basic %%"}, {"authorization": "Bearer s3cret"}):
        assert post(client, "postmark", postmark(sent), **headers).status_code == 403

    assert not Suppression.objects.exists()
    assert post(client, "postmark", postmark(sent), **basic("s3cret")).status_code == 204
    assert Suppression.objects.filter(address=BOB, reason="bounce").exists()


def test_an_event_that_comes_twice_is_taken_in_once(client, sent, settings):
    settings.EMAIL_POSTMARK_SECRET = "s3cret"

    for _ in range(3):
        post(client, "postmark", postmark(sent), **basic("s3cret"))

    assert EmailEvent.objects.filter(kind="bounced_hard").count() == 1


def test_the_code_goes_before_the_name_that_the_provider_gave_it(client, sent, settings):
    settings.EMAIL_POSTMARK_SECRET = "s3cret"

    post(client, "postmark", postmark(sent, Details="552 5.2.2 Mailbox full"), **basic("s3cret"))

    assert state() == ("bounced_soft", "5.2.2")
    assert not Suppression.objects.exists()


def test_opening_is_noted_only_of_those_who_agreed(client, sent, settings):
    settings.EMAIL_POSTMARK_SECRET = "s3cret"
    opened = {"RecordType": "Open", "MessageID": sent.recipients.get().provider_id, "Recipient": BOB}

    post(client, "postmark", opened | {"ReceivedAt": "1"}, **basic("s3cret"))
    assert not EmailEvent.objects.filter(kind="opened").exists()
    Consent.objects.create(address=BOB)
    post(client, "postmark", opened | {"ReceivedAt": "2"}, **basic("s3cret"))

    assert EmailEvent.objects.filter(kind="opened").count() == 1


def test_a_report_that_fits_no_mail_of_ours_suppresses_nobody(client, sent, settings):
    settings.EMAIL_POSTMARK_SECRET = "s3cret"

    post(client, "postmark", postmark(sent, MessageID="other", Email="ada@example.org"), **basic("s3cret"))

    assert not Suppression.objects.exists()


@pytest.mark.parametrize("body", [b"", b"[", b"7", b'"x"', b'{"RecordType": 7}', b'{"a": "\\u0000"}', b"[" * 9000])
def test_a_body_of_rubbish_is_refused_or_says_nothing(client, settings, body):
    settings.EMAIL_POSTMARK_SECRET = "s3cret"

    assert post(client, "postmark", body, **basic("s3cret")).status_code in {204, 400}


def test_what_was_not_set_up_is_not_there(client):
    for name in ("postmark", "sendgrid", "ses"):
        assert post(client, name, {}).status_code == 404


def test_sendgrid_is_believed_with_its_signature_only(client, sent, settings):
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    settings.EMAIL_SENDGRID_KEY = base64.b64encode(public).decode()
    provider_id = sent.recipients.get().provider_id
    events = [
        {"event": "delivered", "email": BOB, "sg_event_id": "1", "sg_message_id": f"{provider_id}.recvd-1"},
        {"event": "spamreport", "email": BOB, "sg_event_id": "2", "sg_message_id": f"{provider_id}.recvd-1"},
        {"event": "group_unsubscribe", "email": BOB, "sg_event_id": "3", "sg_message_id": "other"},
    ]
    raw = json.dumps(events).encode()
    signature = base64.b64encode(key.sign(b"17" + raw, ec.ECDSA(hashes.SHA256()))).decode()
    headers = {
        "X-Twilio-Email-Event-Webhook-Signature": signature,
        "X-Twilio-Email-Event-Webhook-Timestamp": "17",
    }

    assert post(client, "sendgrid", raw + b" ", **headers).status_code == 403
    assert post(client, "sendgrid", raw, **headers).status_code == 204

    assert sent.recipients.get().state == "complained"
    assert Suppression.objects.get().reason == "complaint"
    assert OptOut.objects.get().topic == ""


@pytest.fixture
def amazon(settings, monkeypatch):
    """A key and a certificate as SNS has them, and where ours are fetched from."""
    settings.EMAIL_SES_TOPIC = "arn:aws:sns:eu-west-1:1:mail"
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    asked = []
    monkeypatch.setattr(views, "fetched", lambda url: asked.append(url) or certificate)

    def notice(message, **more):
        body = {
            "Type": "Notification",
            "MessageId": "n-1",
            "TopicArn": settings.EMAIL_SES_TOPIC,
            "Message": json.dumps(message),
            "Timestamp": "2026-11-25T00:00:00.000Z",
            "SignatureVersion": "2",
            "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/key.pem",
        } | more
        signed = "".join(
            f"{field}\n{body[field]}\n" for field in ("Message", "MessageId", "Timestamp", "TopicArn", "Type")
        )
        body["Signature"] = base64.b64encode(key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()
        return body

    notice.asked = asked
    return notice


def test_ses_is_believed_with_the_signature_of_sns_and_its_own_class_is_not(client, sent, amazon):
    message = {
        "notificationType": "Bounce",
        "mail": {"messageId": sent.recipients.get().provider_id},
        "bounce": {
            "bounceType": "Transient",
            "bouncedRecipients": [{"emailAddress": BOB, "status": "5.4.4", "diagnosticCode": "Invalid domain"}],
        },
    }
    good = amazon(message)

    for broken in (
        good | {"Message": good["Message"].replace("5.4.4", "5.1.1")},
        good | {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com.evil.example/key.pem"},
        good | {"SigningCertURL": "http://sns.eu-west-1.amazonaws.com/key.pem"},
        good | {"TopicArn": "arn:aws:sns:eu-west-1:2:other"},
    ):
        assert post(client, "ses", broken).status_code == 403
    assert not Suppression.objects.exists()
    assert post(client, "ses", good).status_code == 204

    assert state() == ("bounced_hard", "5.4.4")
    assert Suppression.objects.filter(address=BOB).exists()
    assert set(amazon.asked) == {"https://sns.eu-west-1.amazonaws.com/key.pem"}
