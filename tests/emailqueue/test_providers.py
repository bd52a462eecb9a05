"""The reports of providers, each proved and each taken in once."""

import base64
import datetime
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from emailqueue import views
from emailqueue.models import Consent, EmailEvent, OptOut, Suppression
from tests.emailqueue.conftest import BOB, newest_event

pytestmark = pytest.mark.django_db(transaction=True)


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

    assert newest_event() == ("bounced_soft", "5.2.2")
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


@pytest.fixture
def of_sendgrid(settings):
    """The headers with which SendGrid proves a body."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    settings.EMAIL_SENDGRID_KEY = base64.b64encode(public).decode()

    def headers(raw):
        signature = base64.b64encode(key.sign(b"17" + raw, ec.ECDSA(hashes.SHA256()))).decode()
        return {
            "X-Twilio-Email-Event-Webhook-Signature": signature,
            "X-Twilio-Email-Event-Webhook-Timestamp": "17",
        }

    return headers


def test_sendgrid_is_believed_with_its_signature_only(client, sent, of_sendgrid):
    provider_id = sent.recipients.get().provider_id
    events = [
        {"event": "delivered", "email": BOB, "sg_event_id": "1", "sg_message_id": f"{provider_id}.recvd-1"},
        {"event": "spamreport", "email": BOB, "sg_event_id": "2", "sg_message_id": f"{provider_id}.recvd-1"},
        {"event": "group_unsubscribe", "email": BOB, "sg_event_id": "3", "sg_message_id": "other"},
    ]
    raw = json.dumps(events).encode()
    headers = of_sendgrid(raw)

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

    assert newest_event() == ("bounced_hard", "5.4.4")
    assert Suppression.objects.filter(address=BOB).exists()
    assert set(amazon.asked) == {"https://sns.eu-west-1.amazonaws.com/key.pem"}


# --- What is proved and is rubbish all the same -----------------------------------------------------------

ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.text(max_size=30), st.floats(allow_nan=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=10), inner, max_size=4)),
    max_leaves=8,
)
often = hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
OF_SENDGRID = st.fixed_dictionaries(
    {
        "event": st.sampled_from(
            ["delivered", "bounce", "dropped", "deferred", "spamreport", "open", "click", "group_unsubscribe", "x"]
        )
        | ANYTHING
    },
    optional={
        "email": st.just(BOB) | ANYTHING,
        **dict.fromkeys(["sg_event_id", "sg_message_id", "reason", "response", "status", "type", "url"], ANYTHING),
    },
)
PERSON = st.fixed_dictionaries(
    {}, optional={"emailAddress": st.just(BOB) | ANYTHING, "status": ANYTHING, "diagnosticCode": ANYTHING}
)
PEOPLE = st.lists(PERSON | ANYTHING, max_size=3) | ANYTHING
OF_SES = st.fixed_dictionaries(
    {
        "notificationType": st.sampled_from(["Bounce", "Complaint", "Delivery", "x"]) | ANYTHING,
        "mail": st.fixed_dictionaries({}, optional={"messageId": ANYTHING, "destination": ANYTHING}) | ANYTHING,
    },
    optional={
        "bounce": st.fixed_dictionaries({}, optional={"bounceType": ANYTHING, "bouncedRecipients": PEOPLE}) | ANYTHING,
        "complaint": st.fixed_dictionaries({}, optional={"complainedRecipients": PEOPLE}) | ANYTHING,
        "delivery": st.fixed_dictionaries({}, optional={"recipients": ANYTHING}) | ANYTHING,
        "eventType": ANYTHING,
    },
)


@often
@given(events=st.lists(OF_SENDGRID | ANYTHING, max_size=3) | ANYTHING)
def test_no_events_of_sendgrid_raise_or_suppress_whom_we_did_not_write_to(client, of_sendgrid, events):
    raw = json.dumps(events).encode()

    answer = post(client, "sendgrid", raw, **of_sendgrid(raw))

    assert answer.status_code in (204, 400)
    assert not Suppression.objects.exists()


@often
@given(message=OF_SES | ANYTHING)
def test_no_notice_of_ses_raises_or_suppresses_whom_we_did_not_write_to(client, amazon, message):
    answer = post(client, "ses", amazon(message))

    assert answer.status_code in (204, 400)
    assert not Suppression.objects.exists()
