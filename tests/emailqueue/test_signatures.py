"""DKIM: what goes out verifies with the public library, and nothing of it can be changed on the way."""

import base64

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.exceptions import ImproperlyConfigured

from config.environment import Environment
from emailqueue import delivery, signatures
from emailqueue.models import Email, EmailEvent
from tests.emailqueue.conftest import BOB, queued

DOMAIN, SELECTOR = "hall.example", "autumn"


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.fixture
def signing(settings, pem):
    settings.EMAIL_DKIM_DOMAIN, settings.EMAIL_DKIM_SELECTOR, settings.EMAIL_DKIM_KEY = DOMAIN, SELECTOR, pem


@pytest.fixture
def verifies(key):
    """Verify as a receiver does: the public half stands in the DNS."""
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
    zone = {f"{SELECTOR}._domainkey.{DOMAIN}.".encode(): record}

    def verify(content):
        return dkim.verify(content, dnsfunc=lambda name, timeout=5: zone.get(name))

    return verify


@pytest.fixture
def letter(db, transactional_db, signing, sink):
    """The bytes of a bulk mail that went over the wire."""
    queued(BOB, subject="Grüße aus der Halle", text="Hello.\n.a dot\n" + "long " * 400, bulk=True, topic="news")
    delivery.deliver_due(bulk=True)
    return sink.taken[0].content


def test_what_arrives_verifies_with_the_public_library(letter, verifies):
    assert verifies(letter)
    assert f"d={DOMAIN}; " in letter.decode().replace("\r\n ", " ").partition("\r\n\r\n")[0]


def test_it_covers_the_one_click_link(letter):
    head = letter.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b"")
    covered = head.partition(b" h=")[2].partition(b";")[0].replace(b" ", b"").split(b":")

    assert {b"from", b"subject", b"date", b"message-id", b"list-unsubscribe", b"list-unsubscribe-post"} <= set(covered)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Hello.", b"Hallo."),
        (b"From: ", b"From: Someone else "),
        (b"List-Unsubscribe: <http", b"List-Unsubscribe: <https"),
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b""),
        (b"To: bob@", b"To: rob@"),
        (b"Subject: ", b"Subject: Re: "),
    ],
)
def test_whatever_is_changed_breaks_it(letter, verifies, old, new):
    assert old in letter

    assert not verifies(letter.replace(old, new, 1))


@pytest.mark.parametrize(
    "line",
    [b"From: x@evil.example", b"Subject: Pay here", b"Reply-To: x@evil.example", b"List-Unsubscribe: <https://e>"],
)
def test_whatever_is_added_breaks_it(letter, verifies, line):
    assert not verifies(line + b"\r\n" + letter)


def test_without_a_key_mail_goes_out_unsigned(transactional_db, sink):
    queued()

    delivery.deliver_due(bulk=True)

    assert sink.taken[0].mail["DKIM-Signature"] is None


def test_a_key_that_is_none_raises_what_it_is():
    with pytest.raises(signatures.KeyInvalid):
        signatures.sign(b"From: a@b\r\n\r\nx\r\n", domain="b", selector="s", pem=b"no key")


def test_a_key_that_broke_since_the_start_loses_no_mail_and_sends_none_unsigned(
    transactional_db, signing, sink, settings
):
    settings.EMAIL_DKIM_KEY = b"-----BEGIN PRIVATE KEY-----\nbroken\n-----END PRIVATE KEY-----\n"
    email = queued()

    delivery.deliver_due(bulk=True)

    email.refresh_from_db()
    assert (email.state, email.deferrals, sink.taken) == (Email.State.QUEUED, 1, [])
    assert "could not make" in EmailEvent.objects.get(kind="deferred").detail


@pytest.mark.parametrize(
    ("domain", "content", "says"),
    [
        (DOMAIN, None, "a file that can be read"),
        ("", b"-----BEGIN PRIVATE KEY-----", "set together"),
        (DOMAIN, b"ssh-rsa AAAA", "private RSA key"),
        (DOMAIN, b"-----BEGIN PRIVATE KEY-----\nbroken\n-----END PRIVATE KEY-----\n", "private RSA key"),
    ],
)
def test_a_key_that_cannot_sign_stops_the_start(tmp_path, domain, content, says):
    path = tmp_path / "dkim.pem"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ImproperlyConfigured, match=says):
        Environment(tmp_path / "none.env").dkim_key(domain=domain, path=str(path))


def test_a_key_that_can_sign_is_read(tmp_path, pem):
    path = tmp_path / "dkim.pem"
    path.write_bytes(pem)
    env = Environment(tmp_path / "none.env")

    assert env.dkim_key(domain=DOMAIN, path=str(path)) == pem
    assert env.dkim_key(domain="", path="") == b""
