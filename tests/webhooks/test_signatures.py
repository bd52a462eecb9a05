"""Standard Webhooks: the published vector, the public library, ed25519, and a rotation."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.utils import timezone
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from tests.webhooks.conftest import deliver, endpoint, ping, secret_of
from tests.webhooks.receivers import verify
from webhooks import identifiers, sealing, services, signatures
from webhooks.management.commands.reseal_webhooks import Command as Reseal
from webhooks.models import Endpoint, Secret

# From the tests of the public libraries: https://github.com/standard-webhooks/standard-webhooks/tree/main/libraries
VECTOR = {
    "secret": "whsec_plJ3nmyCDGBKInavdOK15jsl",
    "message_id": "msg_loFOjxBNrRLzqYUf",
    "timestamp": 1731705121,
    "body": b'{"event_type":"ping","data":{"success":true}}',
    "signature": "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
}


def verify_v1a(request, public):
    """Verify as an integrator would with the key alone."""
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix("whpk_")))
    signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
    for signature in request.headers["webhook-signature"].split(" "):
        version, _, text = signature.partition(",")
        if version == "v1a":
            key.verify(base64.b64decode(text), signed)
            return True
    return False


def test_the_published_vector_comes_out():
    signature = signatures.sign(
        message_id=VECTOR["message_id"],
        timestamp=VECTOR["timestamp"],
        body=VECTOR["body"],
        secrets=[VECTOR["secret"]],
    )

    assert signature == VECTOR["signature"]


def test_the_public_library_signs_as_we_do():
    secret = signatures.new_secret("v1")
    at = datetime.now(UTC).replace(microsecond=0)
    body = '{"type":"a.b","data":"é"}'

    ours = signatures.sign(message_id="msg_1", timestamp=int(at.timestamp()), body=body.encode(), secrets=[secret])

    assert ours == Webhook(secret).sign("msg_1", at, body)


def test_an_id_with_a_full_stop_is_not_signed():
    with pytest.raises(ValueError, match="full stop"):
        signatures.sign(message_id="a.b", timestamp=1, body=b"", secrets=[])


def test_secrets_have_the_length_and_the_prefix_of_the_standard():
    secret, private = signatures.new_secret("v1"), signatures.new_secret("v1a")

    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret[6:])) == 32
    assert private.startswith("whsk_")
    assert signatures.public_key(private).startswith("whpk_")
    assert len(base64.b64decode(signatures.public_key(private)[5:])) == 32


@pytest.mark.django_db(transaction=True)
def test_both_schemes_verify(alice, receiver):
    row = endpoint(alice, receiver.url, asymmetric=True)
    public = next(text for secret, text in services.read_secrets(endpoint_id=row.pk) if secret.scheme == "v1a")
    ping(alice)

    deliver()

    (request,) = receiver.requests
    assert verify(request, secret_of(row))
    assert verify_v1a(request, public)
    with pytest.raises(InvalidSignature):
        verify_v1a(request._replace(body=b"{}"), public)


@pytest.mark.django_db(transaction=True)
def test_during_a_rotation_the_old_secret_and_the_new_one_verify(alice, receiver):
    row = endpoint(alice, receiver.url)
    before = secret_of(row)
    services.rotate_secrets(endpoint_id=row.pk)
    after = secret_of(row)
    ping(alice)

    deliver()

    (request,) = receiver.requests
    assert before != after
    assert verify(request, before) == verify(request, after)


@pytest.mark.django_db(transaction=True)
def test_a_day_after_a_rotation_only_the_new_secret_verifies(alice, receiver):
    row = endpoint(alice, receiver.url)
    before = secret_of(row)
    services.rotate_secrets(endpoint_id=row.pk)
    Secret.objects.filter(expires_at__isnull=False).update(expires_at=timezone.now() - timedelta(seconds=1))
    ping(alice)

    deliver()

    (request,) = receiver.requests
    assert verify(request, secret_of(row))
    with pytest.raises(WebhookVerificationError):
        verify(request, before)


@pytest.mark.django_db(transaction=True)
def test_anothers_secret_does_not_verify(alice, mallory, receiver):
    endpoint(alice, receiver.url)
    other = endpoint(mallory, receiver.url)
    ping(alice)

    deliver()

    with pytest.raises(WebhookVerificationError):
        verify(receiver.requests[0], secret_of(other))


@pytest.mark.django_db(transaction=True)
def test_a_rotation_keeps_the_old_secret_for_a_day(alice):
    row = endpoint(alice, "https://hooks.example.org/")
    with time_machine.travel(datetime(2026, 11, 24, 12, tzinfo=UTC), tick=False):
        services.rotate_secrets(endpoint_id=row.pk)

        old = Secret.objects.get(expires_at__isnull=False)

    assert old.expires_at == datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_there_is_an_end_to_rotating(alice):
    row = endpoint(alice, "https://hooks.example.org/")
    for _ in range(5):
        services.rotate_secrets(endpoint_id=row.pk)

    with pytest.raises(services.RotatedTooOften):
        services.rotate_secrets(endpoint_id=row.pk)


@pytest.mark.django_db(transaction=True)
def test_nothing_of_a_secret_is_readable_in_the_table(alice):
    row = endpoint(alice, "https://hooks.example.org/", headers={"X-Token": "hush-hush"})
    plain = secret_of(row)

    stored = [
        *Secret.objects.values_list("sealed", flat=True),
        *Endpoint.objects.values_list("sealed_headers", flat=True),
    ]

    assert not any(plain[6:20] in text or "hush" in text for text in stored)


@pytest.mark.django_db(transaction=True)
def test_a_key_can_be_changed(alice, settings, capsys):
    row = endpoint(alice, "https://hooks.example.org/", headers={"X-Token": "hush"})
    before = secret_of(row)
    settings.WEBHOOK_SECRET_KEYS = ["a new key", settings.SECRET_KEY]

    Reseal().run_from_argv(["manage.py", "reseal_webhooks"])

    settings.WEBHOOK_SECRET_KEYS = ["a new key"]
    row.refresh_from_db()
    assert "resealed=2" in capsys.readouterr().out
    assert secret_of(row) == before
    assert sealing.open_headers(row.sealed_headers) == {"X-Token": "hush"}


@pytest.mark.django_db(transaction=True)
def test_a_key_that_is_missing_stops_the_deliveries_and_uses_up_no_attempts(alice, receiver, settings):
    row = endpoint(alice, receiver.url)
    ping(alice)
    settings.WEBHOOK_SECRET_KEYS = ["another key"]
    sealing._opened.cache_clear()

    tally = deliver()

    assert tally.sent == 0
    settings.WEBHOOK_SECRET_KEYS = []
    assert deliver().succeeded == 1
    assert verify(receiver.requests[0], secret_of(row))


def test_ids_begin_with_their_moment_and_are_derived_once():
    at = datetime(2026, 11, 24, 20, 1, 13, 482000, tzinfo=UTC)
    event = identifiers.new_event_id(at)

    delivery = identifiers.delivery_id(event, 12)

    assert identifiers.moment(event) == identifiers.moment(delivery) == at
    assert event.version == 7
    assert delivery == identifiers.delivery_id(event, 12) != identifiers.delivery_id(event, 13)
    assert identifiers.floor(at) <= delivery < identifiers.floor(at + timedelta(milliseconds=1))
    assert "." not in identifiers.message_id(event)
