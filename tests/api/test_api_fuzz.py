"""Schemathesis asks the running API everything that its description allows and forbids, with a token and without."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from comments.models import Comment, Discussion
from sessions_app.models import ApiToken
from tagging import services as tagging
from tests import factories
from tests.api.conftest import token_of
from tests.featureflags.conftest import make
from webhooks.models import Endpoint

pytestmark = pytest.mark.django_db(transaction=True)

CONFIG = Path(__file__).parent / "schemathesis.toml"
SECONDS = 600
# What the description calls a row by.
EXAMPLE_ID = 12
# Coverage, which walks the edges of each field, stops a stranger at the door a thousand times for nothing.
PHASES = ["examples", "fuzzing", "stateful"]


def ask_everything(address, folder, *, examples, phases, token=None):
    """Run schemathesis with all its checks; return what it says, and whether it found nothing."""
    headers = ["--header", f"Authorization: Bearer {token}"] if token else []
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG)),
        *("run", f"{address}/api/openapi.json", "--checks", "all", "--phases", ",".join(phases)),
        *("--max-examples", str(examples), "--seed", "1", "--workers", "2", "--no-color", *headers),
    ]
    # The hooks are a module of ours, whatever folder the run writes into.
    env = os.environ | {"PYTHONPATH": str(settings.BASE_DIR)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False, cwd=folder, env=env)
    return done.stdout + done.stderr, done.returncode == 0


@pytest.fixture
def hall(live_server, settings):
    settings.API_LIMIT_PERSON = settings.API_LIMIT_ADDRESS = (1_000_000, 60)
    return live_server.url


def what_examples_name(alice):
    """Put there what the examples of the description name, so that they reach what lies behind a 404."""
    discussion = factories.discussion(by=alice, pk=EXAMPLE_ID)
    comment = factories.comment(on=discussion, by=factories.user(name="bob"))
    Comment.objects.filter(pk=comment.pk).update(id=EXAMPLE_ID, path=[EXAMPLE_ID])
    tagging.set_tags(thing=discussion, names=["python"], by=alice)
    Endpoint.objects.create(id=EXAMPLE_ID, owner=alice, url="https://hooks.example.org/guildhall")
    with connection.cursor() as cursor:
        for model in (Discussion, Comment, Endpoint):
            # Whatever comes next must not meet it.
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [model._meta.db_table, EXAMPLE_ID])


def test_nothing_that_a_token_may_ask_is_answered_wrongly(hall, tmp_path, live_flags):
    alice = factories.user(name="alice", superuser=True)
    row, plain = token_of(alice, "read", "write")
    # Out of reach of an invented id: the run must not revoke the token that it uses.
    ApiToken.objects.filter(pk=row.pk).update(id=2**62)
    for number in range(3):
        factories.session(user=alice, token=f"{number}" * 43)
    make("new_home")
    what_examples_name(alice)

    said, well = ask_everything(hall, tmp_path, examples=4, phases=[*PHASES, "coverage"], token=plain)

    assert well, said
    assert int(re.search(r"(\d+) generated", said)[1]) > 100


def test_nothing_that_a_stranger_may_ask_is_answered_wrongly(hall, tmp_path):
    said, well = ask_everything(hall, tmp_path, examples=4, phases=PHASES)

    assert well, said
