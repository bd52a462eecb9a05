"""The demo hall: the same seed invents the same lives, each part is played once, and only where DEMO is on."""

import threading
from datetime import UTC, datetime

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core.management import CommandError
from django.db import connection

from comments.models import Act, Comment, Discussion, Report
from config import demo as player
from config.models import DemoPart
from emailqueue.models import Email, EmailEvent, EmailRecipient, OptOut, Suppression
from featureflags.models import Flag, FlagChange
from lib import demo
from likes.models import Reaction
from preferences.models import DevicePreference, Preference
from quotas.models import StoredFile
from sessions_app import demo as people
from sessions_app.models import ApiToken, Device, SecurityEvent, Session, User
from tagging.models import Tag, TagFollow, TagGroup
from tests.demo import seed
from tests.races import Gate, held, race
from webhooks.models import Attempt, Delivery, Endpoint

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = (User, EmailAddress, Device, Session, SecurityEvent, ApiToken, Preference, DevicePreference, DemoPart)
TABLES += (Email, EmailRecipient, EmailEvent, Suppression, OptOut)
PATIENCE_MS = 100
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def demo_mode(settings):
    settings.DEMO = True


@pytest.fixture
def extra_part():
    """Register parts for one test."""
    added = []

    def add(slug, furnish):
        demo.register(slug, furnish)
        added.append(slug)

    yield add
    for slug in added:
        demo.unregister(slug)


def counts():
    return {table.__name__: table.objects.count() for table in TABLES}


def lives():
    """Everything that was invented, without the keys that the database gave and the salt of the password."""
    people = User.objects.order_by("email")
    return [
        list(people.values_list("email", "display_name", "time_zone", "joined_at", "last_login", "is_active")),
        list(Device.objects.order_by("token_hash").values_list("user__email", "token_hash", "first_seen_at")),
        list(Session.objects.order_by("token_hash").values_list("token_hash", "last_seen_at", "revoked_because")),
        list(SecurityEvent.objects.order_by("pk").values_list("user__email", "kind", "at", "address", "note")),
        list(ApiToken.objects.order_by("pk").values_list("name", "token_hash", "hint")),
        list(Preference.objects.order_by("user__email").values_list("user__email", "mode", "dark_theme", "clock")),
    ]


def forget():
    for table in (Email, Suppression, OptOut):
        table.objects.all().delete()
    User.objects.all().delete()
    SecurityEvent.objects.all().delete()
    Discussion.objects.all().delete()
    Tag.objects.exclude(canonical=None).delete()
    for table in (Tag, TagGroup):
        table.objects.all().delete()
    DemoPart.objects.all().delete()


# --- Refusal ----------------------------------------------------------------------------------------------


def test_outside_of_demo_mode_nobody_is_invented():
    with pytest.raises(CommandError, match="DEMO=on"):
        seed()

    assert not any(counts().values())


def test_demo_mode_has_to_be_asked_for(settings):
    assert settings.DEMO is False


@pytest.mark.parametrize("number", ["-1", str(2**63)])
def test_a_seed_that_cannot_be_kept_is_refused(number, demo_mode):
    with pytest.raises(CommandError, match="--seed"):
        seed(f"--seed={number}")

    assert not any(counts().values())


# --- What is there ----------------------------------------------------------------------------------------


def test_it_says_in_one_line_what_it_made(demo_mode):
    said = seed()

    assert "\n" not in said
    made = dict(pair.split("=") for pair in said.split(" "))
    assert made.pop("seed") == "1"
    assert made.pop("played") == str(len(demo.parts()))
    assert made.pop("skipped") == "0"
    assert made == {
        "people": str(User.objects.count()),
        "devices": str(Device.objects.count()),
        "sessions": str(Session.objects.count()),
        "events": str(SecurityEvent.objects.count()),
        "tokens": str(ApiToken.objects.count()),
        "preferences": str(Preference.objects.count()),
        "flags": str(Flag.objects.count()),
        "changes": str(FlagChange.objects.count()),
        "comments": str(Comment.objects.count()),
        "acts": str(Act.objects.count()),
        "reports": str(Report.objects.count()),
        "endpoints": str(Endpoint.objects.count()),
        "deliveries": str(Delivery.objects.count()),
        "attempts": str(Attempt.objects.count()),
        "mails": str(Email.objects.count()),
        "suppressions": str(Suppression.objects.count()),
        "opt_outs": str(OptOut.objects.count()),
        "files": str(StoredFile.objects.count()),
        "follows": str(TagFollow.objects.count()),
        "discussions": str(Discussion.objects.count()),
        "reactions": str(Reaction.objects.count()),
        "tags": str(Tag.objects.count()),
    }


# --- The seed ---------------------------------------------------------------------------------------------


def test_the_same_seed_and_moment_invent_the_same_lives(demo_mode):
    with time_machine.travel(NOON, tick=False):
        seed("--seed=7")
        first = lives()
        forget()
        seed("--seed=7")

    assert lives() == first


def test_another_seed_invents_other_lives_of_the_same_people(demo_mode):
    with time_machine.travel(NOON, tick=False):
        seed("--seed=7")
        first = lives()
        forget()
        seed("--seed=8")

    second = lives()
    assert [row[0] for row in first[0]] == [row[0] for row in second[0]]
    assert all(one != other for one, other in zip(first, second, strict=True))


# --- Again, and at once -----------------------------------------------------------------------------------


def test_a_second_run_adds_nothing(demo_mode):
    seed()
    before = counts()

    said = seed("--seed=2")

    assert said == f"seed=2 played=0 skipped={len(demo.parts())}"
    assert counts() == before


def test_what_people_changed_stays_changed(demo_mode):
    seed()
    User.objects.filter(email=demo.address("bob")).update(email="bob@elsewhere.test", display_name="Robert")
    Preference.objects.update(mode="dark")
    Session.objects.all().delete()
    User.objects.get(email=demo.address("carol")).delete()
    before = counts()

    seed()

    assert counts() == before
    assert User.objects.get(email="bob@elsewhere.test").display_name == "Robert"
    assert not User.objects.filter(email=demo.address("carol")).exists()
    assert set(Preference.objects.values_list("mode", flat=True)) == {"dark"}


def played(line):
    return int(line.split("played=")[1].split()[0])


def test_two_runs_at_once_play_each_part_once(demo_mode):
    seed()
    once = counts()
    forget()

    said = race(seed, seed)

    assert counts() == once
    assert sum(map(played, said)) == len(demo.parts())


def test_a_second_run_waits_for_a_part_that_is_being_played(demo_mode):
    gate, second = Gate(), []
    other = threading.Thread(target=lambda: second.extend(race(seed_without_patience)))

    with held(gate, seed, "INSERT", "config_demopart") as first:
        other.start()
        while other.is_alive() and not somebody_waits_for(3 * PATIENCE_MS):
            pass
    other.join()

    assert played(first[0]) + played(second[0]) == len(demo.parts())
    assert User.objects.count() == len(people.PEOPLE)


def seed_without_patience():
    """Seed on a connection that would wait for no lock, as pages do not for long."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {PATIENCE_MS}")
    return seed()


def somebody_waits_for(ms):
    """Tell whether a statement of this database waits for a lock, and began longer ago than that."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            " AND clock_timestamp() > query_start + make_interval(secs => %s)",
            [ms / 1000],
        )
        return cursor.fetchone()[0] > 0


def test_a_part_that_fails_leaves_nothing_and_is_played_at_the_next_run(demo_mode, extra_part):
    state = {"broken": True}

    def furnish(scene):
        User.objects.create(email="late@demo.test", display_name="Late", password="!")
        if state["broken"]:
            raise RuntimeError("a part broke")
        return {"late": 1}

    extra_part("late", furnish)
    with pytest.raises(RuntimeError):
        seed()
    assert not User.objects.filter(email="late@demo.test").exists()
    state["broken"] = False

    said = seed()

    assert said.endswith("late=1")
    assert User.objects.filter(email="late@demo.test").exists()


def test_played_parts_are_known_to_the_player(demo_mode):
    seeded = player.seed_demo(seed=1, now=NOON)

    assert set(DemoPart.objects.values_list("slug", "seed", "played_at")) == {
        (slug, 1, NOON) for slug, _ in demo.parts()
    }
    assert seeded.skipped == 0


def test_every_app_with_a_part_has_registered_it():
    assert [slug for slug, _ in demo.parts()] == [
        "sessions_app",
        "preferences",
        "featureflags",
        "webhooks",
        "emailqueue",
        "quotas",
        "tagging",
        "comments",
    ]
