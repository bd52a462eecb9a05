"""Invariant 2, when those who like die in the middle of it. The whole storm is `python -m tests.faults.storm`."""

import os
import re

import pytest
from django.conf import settings
from django.db import connection

from tests.faults import storm

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def env():
    name = connection.settings_dict["NAME"]
    address = re.sub(r"/[^/?]+(?=\?|$)", f"/{name}", os.environ["DATABASE_URL"], count=1)
    return {"DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": address, "REDIS_URL": settings.REDIS_URL}


def test_counts_are_exact_after_workers_were_killed(env):
    storm.furnish()

    acted = storm.storm(mode="guarded", acts=800, kills=2, env=env)

    assert acted > 300
    assert storm.drift() == 0


def test_without_the_guard_the_same_acts_drift(env):
    storm.furnish()

    with storm.unguarded():
        storm.storm(mode="unguarded", acts=800, kills=2, env=env)
        lost = storm.drift()

    assert lost > 0
