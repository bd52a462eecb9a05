"""Web processes that are killed with SIGKILL at each named point, and a thousand retries at once."""

import concurrent.futures
import json
import threading
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from idempotency.models import Record
from idempotency.services import upkeep
from tests.faults.servers import Web
from tests.idempotency.hall import effects
from tests.idempotency.test_table import ask

pytestmark = pytest.mark.django_db(transaction=True)

ENV = {"DJANGO_SETTINGS_MODULE": "tests.idempotency.web_settings"}
BODY = json.dumps({"amount": 5, "to": "bob"})
# From where on a retry can only be told that it was done; before, it executes.
EXECUTES, TELLS, REPLAYS = "executes", "tells", "replays"
POINTS = {
    "idempotency.services.claim:before": EXECUTES,
    "idempotency.services.claim:after": EXECUTES,
    "tests.idempotency.hall.before_work:before": EXECUTES,
    "tests.idempotency.hall.leave_effect:before": EXECUTES,
    "idempotency.claims.note_effect:before": EXECUTES,
    "idempotency.claims.note_effect:after": EXECUTES,
    "tests.idempotency.hall.leave_effect:after": TELLS,
    "tests.idempotency.hall.after_commit:after": TELLS,
    "idempotency.services.finish:before": TELLS,
    "idempotency.services.finish:after": REPLAYS,
}


def cookies_of(browser):
    return {settings.SESSION_COOKIE_NAME: browser.cookies[settings.SESSION_COOKIE_NAME].value}


def send(web, browser, key):
    headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
    return web.request("POST", "/strict", cookies=cookies_of(browser), headers=headers, body=BODY)


def send_and_be_cut_off(web, browser, key):
    try:
        send(web, browser, key)
    except OSError:
        return


def let_the_lease_run_out():
    Record.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def kill_at(point, browser, key):
    with Web(stop_at=[point], env=ENV) as web:
        client = threading.Thread(target=send_and_be_cut_off, args=(web, browser, key))
        client.start()
        standing = web.reached(point)
        web.kill()
        standing.connection.close()
        client.join()


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_worker_leaves_one_effect_and_no_stuck_key(at_alices, key, point):
    kill_at(point, at_alices, key)
    assert effects() == (0 if POINTS[point] == EXECUTES else 1)

    let_the_lease_run_out()
    again, once_more = (ask(at_alices, "/strict", key) for _ in "12")

    assert effects() == 1
    assert (again.status_code, "Idempotent-Replayed" in again) == {
        EXECUTES: (201, False),
        TELLS: (200, True),
        REPLAYS: (201, True),
    }[POINTS[point]]
    assert (once_more.status_code, once_more["Idempotent-Replayed"]) == (again.status_code, "true")


@pytest.mark.parametrize("point", ["idempotency.services.claim:after", "tests.idempotency.hall.leave_effect:after"])
def test_a_killed_workers_key_is_outstanding_until_its_lease_ends_and_settled_by_the_sweep(at_alices, key, point):
    kill_at(point, at_alices, key)

    assert ask(at_alices, "/strict", key).status_code == 409
    assert upkeep.settle_abandoned() == (0, 0)
    let_the_lease_run_out()
    assert upkeep.settle_abandoned() == ((0, 1) if POINTS[point] == EXECUTES else (1, 0))
    assert not Record.objects.running().exists()


@pytest.mark.parametrize(
    ("retries", "kill"), [(1000, False), (200, True)], ids=["nobody dies", "the first holder is killed"]
)
def test_a_thousand_retries_over_four_processes_have_one_effect(at_alices, key, retries, kill):
    if kill:
        kill_at("idempotency.claims.note_effect:after", at_alices, key)
        let_the_lease_run_out()
    with Web(env=ENV) as one, Web(env=ENV) as two, Web(env=ENV) as three, Web(env=ENV) as four:
        webs = [one, two, three, four]
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            answers = list(pool.map(lambda number: send(webs[number % 4], at_alices, key), range(retries)))

    assert effects() == 1
    assert {each.status for each in answers} <= {201, 409}
    done = [each for each in answers if each.status == 201]
    assert len({each.body for each in done}) == 1
    assert sum("Idempotent-Replayed" not in each.headers for each in done) == 1
