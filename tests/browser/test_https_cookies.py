"""Over https, what Chromium itself keeps: each cookie under its `__Host-` name, with its guards (ASVS 5.0, V3.3)."""

import ipaddress
import socket
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.management import call_command

from tests import factories
from tests.faults.servers import LOOPBACK, Web

pytestmark = pytest.mark.django_db(transaction=True)


class SecureWeb(Web):
    """The same web process, speaking TLS itself."""

    def _answers(self) -> bool:
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        try:
            with (
                socket.create_connection((LOOPBACK, self.port), timeout=5) as plain,
                trusting.wrap_socket(plain, server_hostname=LOOPBACK),
            ):
                return True
        except OSError:
            return False


@pytest.fixture
def certificate(tmp_path):
    """A certificate for this machine that nobody vouches for, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, LOOPBACK)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(LOOPBACK))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "hall.pem"
    pem = serialization.Encoding.PEM
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + signed.public_bytes(pem)
    )
    return path


@pytest.fixture
def secure_hall(certificate, tmp_path, settings):
    """The address of the hall over https, as a deployment serves it."""
    settings.STATIC_ROOT = tmp_path / "static"
    call_command("collectstatic", interactive=False, verbosity=0)
    # The real settings hash with what the tests' own do not.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    environment = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "HTTPS": "on",
        "STATIC_ROOT": str(settings.STATIC_ROOT),
        "GUNICORN_CMD_ARGS": f"--certfile={certificate} --keyfile={certificate}",
    }
    with SecureWeb(env=environment) as web:
        yield f"https://{LOOPBACK}:{web.port}"


def test_chromium_keeps_each_cookie_with_its_prefix_and_its_guards(secure_hall, chromium):
    alice = factories.user()
    context = chromium.new_context(
        base_url=secure_hall, ignore_https_errors=True, timezone_id="Europe/Vienna", locale="en-GB"
    )
    page = context.new_page()

    page.goto("/accounts/login/?next=/account/devices")
    page.locator("input[name=login]").fill(alice.email)
    page.locator("input[name=password]").fill(factories.PASSWORD)
    page.locator("main form").first.locator("button[type=submit], button:not([type])").first.click()
    page.wait_for_url("**/account/devices")
    kept = {cookie["name"]: cookie for cookie in context.cookies()}
    seen_by_scripts = page.evaluate("document.cookie")
    context.close()

    assert {"__Host-session", "__Host-device", "__Host-csrftoken", "__Host-zone"} <= kept.keys()
    assert all(name.startswith("__Host-") for name in kept)
    for name, cookie in kept.items():
        assert cookie["secure"]
        assert cookie["sameSite"] == "Lax"
        assert (cookie["path"], cookie["domain"]) == ("/", LOOPBACK)
        assert cookie["httpOnly"] is (name != "__Host-zone")
    assert kept["__Host-zone"]["value"] in ("Europe/Vienna", "Europe%2FVienna")
    assert seen_by_scripts.startswith("__Host-zone=")
    assert "session" not in seen_by_scripts
