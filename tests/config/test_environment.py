"""Each key of the environment is parsed loudly, by its name and never its value; the defaults are the safe ones."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment import Environment

ROOT = Path(__file__).resolve().parents[2]
SECRET = "hunter2-hunter2"
# Read by `make run` and by the environment itself, before any setting.
NOT_SETTINGS = {"PORT", "ENV_FILE", "PROMETHEUS_MULTIPROC_DIR"}


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """Read one key as if the environment held that value."""
    env = Environment(tmp_path / "none.env")

    def holding(value):
        monkeypatch.setenv("KEY", value)
        return env

    monkeypatch.delenv("KEY", raising=False)
    return holding


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda env: env.flag("KEY", False), "perhaps"),
        (lambda env: env.number("KEY", 1), "many"),
        (lambda env: env.number("KEY", 1), "1.5"),
        (lambda env: env.choice("KEY", "a", ("a", "b")), "c"),
        (lambda env: env.networks("KEY"), "10.0.0.0/99"),
        (lambda env: env.networks("KEY"), "10.0.0.1/8"),
        (lambda env: env.address("KEY", "http://a"), "hall.example.com"),
        (lambda env: env.address("KEY", "http://a"), "ftp://hall.example.org"),
        (lambda env: env.address("KEY", "http://a"), "http://[::1"),
        (lambda env: env.service("KEY"), "check.example.org"),
        (lambda env: env.service("KEY"), "file:///check"),
        (lambda env: env.signing_secret("KEY", needed=True), SECRET),
        (lambda env: env.signing_secret("KEY", needed=True), f"whsec_{SECRET}"),
        (lambda env: env.signing_secret("KEY", needed=True), "whsec_c2hvcnQ="),
        (lambda env: env.signing_secret("KEY", needed=True), "A" * 32),
        (lambda env: env.database("KEY"), f"mysql://me:{SECRET}@host/name"),
        (lambda env: env.database("KEY"), f"postgres://me:{SECRET}@host"),
        (lambda env: env.database("KEY"), f"postgres://me:{SECRET}@host:port/name"),
        (lambda env: env.redis("KEY"), f"http://:{SECRET}@host"),
        (lambda env: env.redis("KEY"), f"sentinel://:{SECRET}@host:26379/0"),
        (lambda env: env.redis("KEY"), f"sentinel://:{SECRET}@host:26379/0?service="),
        (lambda env: env.redis("KEY"), f"sentinel://:{SECRET}@host:26379/0?service=a/b"),
        (lambda env: env.redis("KEY"), f"sentinel://:{SECRET}@host:26379/0?service=a&service=b"),
        (lambda env: env.redis("KEY"), f"sentinel://:{SECRET}@host:26379/0?service=a&sentinel_passwort=b"),
        (lambda env: env.redis("KEY"), f"sentinel://:{SECRET}@host:26379/one?service=a"),
        (lambda env: env.redis("KEY"), f"sentinel://:{SECRET}@host:99999/0?service=a"),
        (lambda env: env.redis("KEY"), f"sentinel://:{SECRET}@host:port/0?service=a"),
        (lambda env: env.redis("KEY"), f"sentinel://:{SECRET}@one,,two/0?service=a"),
        (lambda env: env.redis("KEY"), f"sentinel://:{SECRET}@/0?service=a"),
        (lambda env: env.redis("KEY"), f"sentinel://:{SECRET}@host/0?service"),
        (lambda env: env.mail_servers("KEY", "consolemail://"), f"pigeon://me:{SECRET}@host"),
        (lambda env: env.mail_servers("KEY", "consolemail://"), f"smtp://me:{SECRET}@host:port"),
    ],
)
def test_a_malformed_value_is_told_by_its_key_and_not_repeated(read, value, environment):
    env = environment(value)

    with pytest.raises(ImproperlyConfigured) as caught:
        read(env)

    said = str(caught.value)
    assert said.startswith("KEY must ")
    assert "\n" not in said
    assert value not in said
    assert SECRET not in said
    # A traceback would show the parser's own words about the value.
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("read", ["text", "database", "redis"])
@pytest.mark.parametrize("value", ["", "   "])
def test_a_required_key_that_is_empty_is_missing(read, value, environment):
    with pytest.raises(ImproperlyConfigured, match=r"^KEY is not set"):
        getattr(environment(value), read)("KEY")


@pytest.mark.parametrize(
    ("read", "value", "wanted"),
    [
        (lambda env: env.flag("KEY", False), "On", True),
        (lambda env: env.flag("KEY", True), "0", False),
        (lambda env: env.flag("KEY", True), "", True),
        (lambda env: env.number("KEY", 3), " 7 ", 7),
        (lambda env: env.number("KEY", 3), "", 3),
        (lambda env: env.names("KEY"), " a, ,b,", ["a", "b"]),
        (lambda env: env.names("KEY", ["c"]), "", ["c"]),
        (lambda env: [str(net) for net in env.networks("KEY")], "10.0.0.0/8, ::1", ["10.0.0.0/8", "::1/128"]),
        (lambda env: env.address("KEY", "http://a"), "https://hall.example.org/", "https://hall.example.org"),
        (lambda env: env.choice("KEY", "a", ("a", "b")), "b", "b"),
        (lambda env: env.service("KEY"), "https://check.example.org/hall/", "https://check.example.org/hall/"),
        (lambda env: env.service("KEY"), "", ""),
        (lambda env: env.signing_secret("KEY", needed=False), "", ""),
        (lambda env: env.signing_secret("KEY", needed=True), f"whsec_{'A' * 32}", f"whsec_{'A' * 32}"),
        (lambda env: env.database("KEY")["PASSWORD"], "postgres://me:p%40ss@host:1/name", "p@ss"),
        (lambda env: env.redis("KEY").url, "rediss://host:6379/0", "rediss://host:6379/0"),
        (
            lambda env: env.mail_servers("KEY", ""),
            "smtp+tls://me:pw@host:587, smtp://other",
            ["smtp+tls://me:pw@host:587", "smtp://other"],
        ),
    ],
)
def test_a_value_is_read_as_what_it_is(read, value, wanted, environment):
    assert read(environment(value)) == wanted


def test_the_environment_goes_before_the_file(monkeypatch, tmp_path):
    file = tmp_path / "some.env"
    file.write_text("KEY=file\nOTHER_KEY=file\n")
    monkeypatch.setenv("KEY", "process")
    monkeypatch.setenv("ENV_FILE", "")
    # Reading the file writes into the environment, which this takes back.
    monkeypatch.setenv("OTHER_KEY", "x")
    monkeypatch.delenv("OTHER_KEY")

    env = Environment(file)

    assert (env.text("KEY"), env.text("OTHER_KEY")) == ("process", "file")
    os.environ.pop("OTHER_KEY", None)


def test_another_file_can_be_read_in_its_place(monkeypatch, tmp_path):
    (tmp_path / "other.env").write_text("OTHER_KEY=other\n")
    monkeypatch.setenv("ENV_FILE", str(tmp_path / "other.env"))
    monkeypatch.delenv("OTHER_KEY", raising=False)

    env = Environment(tmp_path / "usual.env")

    assert env.text("OTHER_KEY") == "other"
    os.environ.pop("OTHER_KEY", None)


# --- The settings, in processes of their own ----------------------------------------------------------------

LOOK = """
import json, config.settings as s
# What is lazy asks for the apps, which are not loaded here.
held = {n: v for n, v in vars(s).items() if n.isupper() and type(v).__name__ != "__proxy__"}
print(json.dumps(held, default=str))
"""
NEEDED = {
    "SECRET_KEY": "s" * 60,
    "DATABASE_URL": "postgres://me:pw@127.0.0.1:1/hall",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}


def settings_with(**keys):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", LOOK],
        cwd=ROOT,
        env=kept | {"ENV_FILE": os.devnull} | keys,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def defaults():
    done = settings_with(**NEEDED)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_defaults_are_the_safe_ones(defaults):
    on = {"HTTPS", "SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "CSRF_COOKIE_SECURE"}
    off = {"DEBUG", "DEMO", "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN", "SECURE_PROXY_SSL_HEADER"}

    assert {name for name in on if not defaults[name]} == set()
    assert {name for name in off if defaults[name]} == set()
    assert defaults["TRUSTED_PROXIES"] == []
    assert defaults["METRICS_ALLOWED"] == ["127.0.0.1/32", "::1/128"]
    assert defaults["SECURE_HSTS_SECONDS"] >= 365 * 24 * 3600
    assert "*" not in defaults["ALLOWED_HOSTS"]
    cookies = ("SESSION_COOKIE_NAME", "DEVICE_COOKIE_NAME", "THEME_COOKIE_NAME", "CSRF_COOKIE_NAME")
    assert all(defaults[name].startswith("__Host-") for name in cookies)
    assert defaults["PASSWORD_HASHERS"][0].endswith("Argon2PasswordHasher")


def test_a_deployment_has_its_limits_in_the_database(defaults):
    options = defaults["DATABASES"]["default"]["OPTIONS"]

    assert "lock_timeout=5s" in options["options"]
    assert "statement_timeout=30s" in options["options"]
    assert "idle_in_transaction_session_timeout=30s" in options["options"]
    assert (options["pool"]["min_size"], options["pool"]["max_size"]) == (1, 8)


def test_a_start_without_a_secret_key_names_it_in_its_last_line():
    done = settings_with(**{name: value for name, value in NEEDED.items() if name != "SECRET_KEY"})

    assert done.returncode != 0
    assert "SECRET_KEY is not set" in done.stderr.strip().splitlines()[-1]


def test_a_database_that_cannot_be_read_is_told_without_its_password():
    done = settings_with(**NEEDED | {"DATABASE_URL": f"mysql://me:{SECRET}@host/name"})

    assert done.returncode != 0
    assert "DATABASE_URL must look like postgres://" in done.stderr.strip().splitlines()[-1]
    assert SECRET not in done.stdout + done.stderr


def test_the_example_lists_exactly_the_keys_that_the_settings_read():
    listed = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M))
    source = (ROOT / "config" / "settings.py").read_text()
    read = set(re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", source))

    assert len(read) > 20
    assert listed - NOT_SETTINGS == read
    assert listed >= NOT_SETTINGS
