"""Endpoints of these tests, and receivers on loopback that are let through by an explicit setting."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.db import connection
from django.utils import timezone

from sessions_app.models import User
from tests import factories
from tests.webhooks.receivers import Receiver
from webhooks import catalogue, services
from webhooks.delivery import Courier
from webhooks.models import Delivery, Endpoint, Event

PING = "thing.pinged"


@pytest.fixture(autouse=True)
def things():
    """An event type of these tests that takes whatever they send."""
    catalogue.register(
        PING, title="A ping", words="For tests.", schema={"type": "object"}, example={"number": 1}, personal=True
    )
    yield
    catalogue.unregister(PING)


@pytest.fixture
def loopback(settings):
    """The one way past the guard: an address that the settings name."""
    settings.WEBHOOK_ALLOWED_ADDRESSES = ["127.0.0.1:*"]


@pytest.fixture
def receiver(loopback):
    with Receiver() as there:
        yield there


@pytest.fixture
def alice(db):
    return factories.user(name="alice")


@pytest.fixture
def mallory(db):
    return factories.user(name="mallory")


def endpoint(owner: User, url: str, **fields) -> Endpoint:
    return services.create_endpoint(owner_id=owner.pk, url=url, **fields)


def ping(*people: User, number: int = 1, key: str = "") -> Event:
    return services.publish(PING, {"number": number}, about=[each.pk for each in people], key=key)


def secret_of(row: Endpoint) -> str:
    return next(plain for secret, plain in services.read_secrets(endpoint_id=row.pk) if secret.scheme == "v1")


def deliver(**options):
    """Deliver what is due in this process, until nothing is."""
    return in_a_thread(lambda: asyncio.run(Courier(**({"deadline": 5.0} | options)).run(until_idle=True)))


def in_a_thread(work):
    """Do what has a loop of its own where none runs: browsers leave theirs running in the thread of the tests."""

    def and_hang_up():
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(and_hang_up).result()


def make_due() -> None:
    """Let the time pass that everything waits for, and every rest end."""
    past = timezone.now() - timedelta(seconds=1)
    Delivery.objects.pending().update(next_attempt_at=past)
    Endpoint.objects.exclude(rests_until_at=None).update(rests_until_at=past)


@pytest.fixture
def certificate(tmp_path):
    """A key and a certificate for hooks.example.org and 127.0.0.1 that it signed itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example.org")])
    names = [x509.DNSName("hooks.example.org"), x509.IPAddress(ip_address("127.0.0.1"))]
    now = timezone.now()
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path = tmp_path / "certificate.pem"
    path.write_bytes(pem + signed.public_bytes(serialization.Encoding.PEM))
    return path
