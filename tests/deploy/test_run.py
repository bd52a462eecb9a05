"""What `make run` promises: one line when the hall is open, one end for all parts, and the data kept."""

import json
import signal
import socket
import urllib.error
import urllib.request
from email.message import EmailMessage
from smtplib import SMTP

import psutil
import pytest

from deploy.local.ground import free_port
from tests.deploy.conftest import all_gone


def part(started, words: str) -> psutil.Process:
    """The first process of a part: the one that the supervisor itself started."""
    return min(
        (each for each in started.family() if words in " ".join(each.cmdline()) and "local.run" not in each.cmdline()),
        key=lambda each: each.pid,
    )


def test_it_opens_the_hall_stops_at_ctrl_c_and_keeps_the_data(start, environment, data_folder):
    first = start("run")
    address = first.wait_for_line("ready ").removeprefix("ready ")
    family = first.family()
    with urllib.request.urlopen(f"{address}/accounts/login/", timeout=30) as page:
        assert page.status == 200
    secret = (data_folder / "secret.key").read_text()

    first.send(signal.SIGINT)

    assert first.end() == 0, first.output
    assert first.lines[-1] == "run: stopped; the data is kept"
    assert all_gone(family)
    assert address == f"http://127.0.0.1:{environment['PORT']}"
    assert "alice@demo.test" in first.output

    second = start("run")

    assert second.wait_for_line("ready ") == f"ready {address}"
    assert "Applying" not in second.output
    assert (data_folder / "secret.key").read_text() == secret
    assert (data_folder / "secret.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("settled")
def test_killed_without_warning_it_leaves_no_process_and_starts_again(start):
    killed = start("run")
    killed.wait_for_line("ready ")
    family = killed.family()
    assert len(family) > 10

    killed.send(signal.SIGKILL)

    assert all_gone(family)
    start("run").wait_for_line("ready ")


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize(
    ("name", "words"),
    [("web", "gunicorn"), ("worker", "default,mail"), ("bulk", "mail_bulk"), ("beat", "beat")],
)
def test_a_part_that_dies_stops_all_and_shows_its_last_lines(start, name, words):
    started = start("run")
    started.wait_for_line("ready ")
    family = started.family()

    part(started, words).kill()

    assert started.end() == 1
    assert f"run: {name} ended (exit code -9), so everything was stopped; its last lines:" in started.lines
    assert all_gone(family)


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize(("name", "words", "status"), [("redis", "-server", 200), ("postgres", "postgres", 503)])
def test_a_server_that_dies_is_said_aloud_and_the_hall_goes_on_without_it(start, name, words, status):
    started = start("run")
    address = started.wait_for_line("ready ").removeprefix("ready ")
    family = started.family()

    part(started, words).kill()
    started.wait_for_line(f"run: the hall goes on without {name}; ")
    home, ready = answer(f"{address}/accounts/login/"), answer(f"{address}/readyz")
    alive = answer(f"{address}/healthz")
    started.send(signal.SIGINT)

    assert (home[0], ready[0], alive[0]) == (status, status, 200)
    assert json.loads(ready[1])["parts"]["database" if name == "postgres" else name]["state"] == "away"
    assert started.end() == 0
    assert all_gone(family)


def answer(address):
    """Return status and body, also of a refusal, to somebody who says that they are signed in."""
    asked = urllib.request.Request(address, headers={"Cookie": f"session={'n' * 43}"})
    try:
        with urllib.request.urlopen(asked, timeout=30) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read()


def test_mails_are_kept_as_files_and_said_aloud(start, data_folder):
    port = free_port()
    sink = start("mail", str(port), str(data_folder / "mail"))
    sink.wait_for_line("mails are kept")
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "hall@example.org", "alice@example.org", "Your booking on Saturday"
    mail.set_content("Laser cutter, 14:00.")

    with SMTP("127.0.0.1", port) as client:
        client.send_message(mail)

    assert sink.wait_for_line("alice@example.org: Your booking on Saturday")
    (kept,) = (data_folder / "mail").glob("*.eml")
    assert b"Laser cutter, 14:00." in kept.read_bytes()


def test_a_taken_port_is_one_line(start, data_folder):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        refused = start("run", PORT=str(port))

        assert refused.end() == 1
    assert refused.lines == [f"run: port {port} is taken: stop what listens there, or choose another: PORT=8001"]
    assert list(data_folder.iterdir()) == []


@pytest.mark.parametrize("port", ["eighty", "0", "70000", "-1"])
def test_a_port_that_is_none_is_one_line(start, port):
    refused = start("run", PORT=port)

    assert refused.end() == 1
    assert refused.lines == [f"run: PORT must be a number from 1 to 65535, not '{port}'"]


def test_a_hall_that_cannot_be_prepared_is_one_last_line(start):
    refused = start("run", DATABASE_POOL_MAX="many")

    assert refused.end() == 1
    assert refused.lines[-1] == "run: the hall could not be prepared: DATABASE_POOL_MAX must be a whole number."
    assert "Traceback" not in refused.output
