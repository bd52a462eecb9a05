"""The container files name what exists; what can run without a container runs here."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest
import yaml

from deploy.local.ground import BASE_DIR, LOOPBACK, free_port
from tests import faults

pytestmark = pytest.mark.django_db(transaction=True)

DOCKERFILE = (BASE_DIR / "deploy/Dockerfile").read_text()
OURS = {"migrate", "web", "worker", "beat"}
IMAGES_OWN = re.compile(r"^(POSTGRES|DB|AUTH|POOL|MAX|DEFAULT_POOL|LISTEN)_\w+$")


def compose(name):
    return yaml.safe_load((BASE_DIR / "deploy" / name).read_text())


def steps(word):
    """Return what each step of this kind says; a step goes on where its line ends in a backslash."""
    return re.findall(rf"^{word} ((?:.*\\\n)*.*)$", DOCKERFILE, re.MULTILINE)


def exists(module):
    return importlib.util.find_spec(module) is not None


def commands():
    found = {name: part["command"] for name, part in compose("compose.yml")["services"].items() if name in OURS}
    (image,) = re.findall(r"^CMD (.+)$", DOCKERFILE, re.MULTILINE)
    (health,) = re.findall(r"^HEALTHCHECK .* CMD (.+)$", DOCKERFILE, re.MULTILINE)
    return found | {"image": yaml.safe_load(image), "health check": yaml.safe_load(health)}


@pytest.mark.parametrize(("name", "command"), commands().items())
def test_each_command_runs_something_that_exists(name, command):
    program, *words = command
    modules = [word.removeprefix("python:") for word in words if re.fullmatch(r"(python:)?[a-z]+\.[a-z]+", word)]

    assert (Path(sys.prefix) / "bin" / program).exists()
    assert all((BASE_DIR / module).exists() or exists(module) for module in modules)
    assert modules or "config" in words


def test_the_hall_is_made_of_the_parts_that_the_documents_name():
    services = compose("compose.yml")["services"]

    assert set(services) == OURS | {"postgres", "redis"}
    assert {services[name]["build"]["dockerfile"] for name in OURS} == {"deploy/Dockerfile"}
    assert compose("compose.pgbouncer.yml")["services"].keys() == {"pgbouncer", "web", "worker", "beat"}


@pytest.mark.parametrize("name", ["compose.yml", "compose.pgbouncer.yml"])
def test_each_key_that_a_part_is_given_is_one_that_it_reads(name):
    known = set(re.findall(r"^([A-Z_]+)=", (BASE_DIR / ".env.example").read_text(), re.MULTILINE))

    given = {key for part in compose(name)["services"].values() for key in part.get("environment", {})}
    settings = set(re.findall(r"\b([A-Z_]{4,})=", " ".join(steps("RUN") + steps("ENV"))))

    assert given
    assert {key for key in given if not IMAGES_OWN.match(key)} <= known
    assert {key for key in settings if not key.startswith(("PYTHON", "PIP_"))} - {"PATH"} <= known


def test_pgbouncer_is_told_to_the_hall_as_the_documents_say():
    for part in ("web", "worker", "beat"):
        keys = compose("compose.pgbouncer.yml")["services"][part]["environment"]

        assert (keys["DATABASE_POOL"], keys["DATABASE_TIMEOUTS"]) == ("off", "off")
        assert "@pgbouncer:" in keys["DATABASE_URL"]


def test_the_image_runs_as_nobody_special_from_a_second_stage():
    last = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]

    assert len(steps("FROM")) == 2
    assert re.findall(r"^USER (.+)$", last, re.MULTILINE) == ["hall"]
    assert last.index("\nUSER ") < last.index("\nCMD ")
    assert "pip install" not in last


def test_what_is_copied_into_the_image_is_there():
    sources = [each.split()[0] for each in steps("COPY") if not each.startswith("--from")]

    assert sources == ["requirements.txt", "."]
    assert all((BASE_DIR / source).exists() for source in sources)


def test_the_database_and_the_secrets_stay_out_of_the_image():
    ignored = (BASE_DIR / "deploy/Dockerfile.dockerignore").read_text().split()

    assert {".env", "var", ".git"} <= set(ignored)


# --- Without a container ------------------------------------------------------------------------------------


@pytest.fixture
def hall(tmp_path):
    """The web server as the image starts it, on a port and a data folder of its own."""
    port = free_port()
    _, *words = commands()["web"]
    env = {
        "GUNICORN_CMD_ARGS": f"--bind {LOOPBACK}:{port}",
        "ALLOWED_HOSTS": "hall.example.org",
        "DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "WEB_CONCURRENCY": "2",
    }
    env["PROMETHEUS_MULTIPROC_DIR"] = str(tmp_path / "metrics")
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "counter_1.db").write_bytes(b"torn")
    with faults.process(["-m", "gunicorn", *words], env=env) as process:
        process.port = port
        faults.until(lambda: health(port) == 0, "waiting for the web server", process=process)
        yield process


def health(port):
    with faults.process(["-m", "deploy.healthcheck", str(port)]) as asking:
        return asking.wait()


def test_the_health_check_says_whether_somebody_answers(hall):
    well = health(hall.port)
    hall.stop()
    gone = health(hall.port)

    assert (well, gone) == (0, 1)
    assert not (Path(hall.env["PROMETHEUS_MULTIPROC_DIR"]) / "counter_1.db").exists()
