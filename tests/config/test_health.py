"""What the hall tells machines about itself, and people when a part is away."""

import json
import os
import signal

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from lib import operations
from lib.operations import Figure
from tests import factories, faults
from tests.config import hostile
from tests.sessions_app.conftest import sign_in

pytestmark = pytest.mark.django_db(transaction=True)

PARTS = {"database", "migrations", "redis", "worker", "beat"}
SIGNED_IN = ("/", "/account/devices", "/account/security", "/account/tokens", "/settings/appearance", "/admin/")


def test_each_part_is_there_by_name():
    answer = Client().get("/readyz").json()

    assert set(answer["parts"]) == PARTS
    assert answer["parts"]["database"]["state"] == answer["parts"]["redis"]["state"] == "ok"
    # Nobody rang in this test: worth saying, and no reason to take the hall away.
    assert answer["status"] == "degraded"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_machines_may_only_read(path):
    assert Client().post(path).status_code == 405
    assert "no-cache" in Client().get(path)["Cache-Control"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_calls_the_machine_by_its_address_and_has_no_session(path, alice_and_her_session, settings):
    settings.ALLOWED_HOSTS = ["hall.example.org"]

    answer = alice_and_her_session.get(path, headers={"host": "10.1.2.3:8000"})

    assert answer.status_code == 200
    assert "Cookie" not in answer.get("Vary", "")
    assert "Set-Cookie" not in answer


@pytest.fixture
def alice_and_her_session():
    return sign_in(factories.user())


def test_postgres_stopped_in_mid_flight_is_said_plainly_everywhere_and_forgotten_when_it_is_back(tmp_path):
    with faults.postgres() as postgres:
        env = {"DATABASE_URL": postgres.url, "DATA_DIR": str(tmp_path)}
        with faults.process(["manage.py", "migrate", "--verbosity", "0"], env=env) as migrating:
            assert migrating.wait() == 0, migrating.output()
        with faults.web(env=env) as (hall,):
            before = hall.request("GET", "/readyz")
            postgres.stop()
            cookies = {"session": "n" * 43, "theme": "dark.paper.ink.system.c"}
            ready, alive = (hall.request("GET", path, cookies=cookies) for path in ("/readyz", "/healthz"))
            pages = [hall.request("GET", path, cookies=cookies) for path in SIGNED_IN]
            posted = hall.request("POST", "/accounts/login/", body="login=a@example.org&password=x")
            postgres.start()
            faults.until(lambda: hall.request("GET", "/readyz").status == 200, "the hall finds Postgres again")

    assert before.status == 200
    assert (ready.status, json.loads(ready.body)["parts"]["database"]["state"]) == (503, "away")
    assert set(json.loads(ready.body)["parts"]) == PARTS
    assert alive.status == 200
    assert {(page.status, page.headers["Retry-After"]) for page in pages} == {(503, "30")}
    assert ready.headers["Retry-After"] == "30"
    assert posted.status in (403, 503)


def test_redis_killed_in_mid_flight_costs_no_page_and_no_session():
    olga = factories.user(name="olga", superuser=True)
    with faults.redis() as redis, faults.web(env={"REDIS_URL": redis.url}) as (hall,):
        signed = sign_in(olga)
        cookies = {"session": signed.cookies["session"].value}
        first = hall.request("GET", "/account/devices", cookies=cookies)
        os.kill(redis.pid, signal.SIGKILL)
        found = {}
        for route in hostile.routes():
            if "logout" in route or "password" in route:
                continue
            (path, *_) = hostile.paths_of(route, [str(olga.pk)])
            answer = hall.request("GET", path, cookies=cookies)
            cookies |= {name: value for name, value in answer.cookies.items() if name == "session" and value}
            found[path] = answer.status
        ready = json.loads(hall.request("GET", "/readyz").body)
        last = hall.request("GET", "/account/devices", cookies=cookies)

    assert first.status == last.status == 200
    assert {path: status for path, status in found.items() if status >= 500} == {}
    assert ready["status"] == "degraded"
    assert ready["parts"]["redis"]["state"] == "away"
    assert ready["parts"]["worker"]["state"] == ready["parts"]["beat"]["state"] == "unknown"


def test_somebody_deactivated_is_refused_by_the_very_next_request_on_each_of_three_processes():
    alice, bob = factories.user(name="alice"), factories.user(name="bob")
    his = {"session": sign_in(bob).cookies["session"].value}
    hers = {"session": sign_in(alice).cookies["session"].value}
    with faults.web(processes=3) as halls:
        before = [hall.request("GET", "/account/devices", cookies=hers).status for hall in halls]
        call_command("shell", "-v0", command=DEACTIVATE.format(alice.pk))
        after = [hall.request("GET", "/account/devices", cookies=hers).status for hall in halls]
        others = [hall.request("GET", "/account/devices", cookies=his).status for hall in halls]

    assert (before, after, others) == ([200] * 3, [302] * 3, [200] * 3)


DEACTIVATE = "from sessions_app import services; services.deactivate_user(user_id={}, by=None)"


# --- /metrics and the Operations page ----------------------------------------------------------------------


@pytest.fixture
def broken_panel():
    def collect():
        raise RuntimeError("this panel is broken")

    operations.register("broken", "Broken panel", collect)
    operations.register("fine", "Fine panel", lambda: [Figure("Things", 1234567), Figure("Held", 7_800_000, "bytes")])
    yield
    operations.unregister("broken")
    operations.unregister("fine")


def test_metrics_show_numbers_of_panels_and_which_could_not_be_read(broken_panel):
    text = Client().get("/metrics").content.decode()

    assert 'guildhall_figure{figure="things",panel="fine"} 1.234567e+06' in text
    assert 'guildhall_panel_up{panel="broken"} 0.0' in text
    assert 'guildhall_panel_up{panel="database"} 1.0' in text


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("203.0.113.7", {}),
        ("203.0.113.7", {"x-forwarded-for": "127.0.0.1"}),
        ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}),
        ("127.0.0.1", {"forwarded": "for=127.0.0.1"}),
        ("127.0.0.1", {"x-real-ip": "127.0.0.1"}),
        ("", {}),
    ],
)
def test_metrics_are_not_there_for_others(peer, headers):
    assert Client(REMOTE_ADDR=peer).get("/metrics", headers=headers).status_code == 404


def test_a_broken_panel_hides_no_other(broken_panel):
    olga = factories.user(name="olga", superuser=True)

    page = sign_in(olga).get(reverse("admin:operations")).content.decode()

    assert "This part could not be read" in page
    assert "1,234,567" in page
    assert "7.4" in page
    assert "Postgres" in page


def test_the_operations_page_is_for_operators_with_the_right():
    member, staff = factories.user(name="alice"), factories.user(name="otto", staff=True)
    address = reverse("admin:operations")

    assert Client().get(address).status_code == 302
    assert sign_in(member).get(address).status_code == 302
    assert sign_in(staff).get(address).status_code == 403
    assert sign_in(factories.user(name="olga", superuser=True)).post(address).status_code == 405
