"""The maintainers' command."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from featureflags.models import Flag, FlagChange
from tests.featureflags.conftest import make

pytestmark = pytest.mark.django_db(transaction=True)
WHY = "--why=a test"


def run(*arguments):
    out = StringIO()
    call_command("flag", *arguments, stdout=out)
    return out.getvalue().strip()


def test_kill_and_restore(olga):
    make(default="on")

    assert run("kill", "new_home", WHY, "--by=OLGA@example.org") == "key=new_home killed=1"
    assert run("kill", "new_home", WHY) == "key=new_home killed=0"
    assert FlagChange.objects.latest("pk").by == olga
    assert run("restore", "new_home", WHY) == "key=new_home restored=1"


def test_rollout_in_thousandths_of_a_percent(db):
    make()

    assert run("rollout", "new_home", "12.345", WHY) == "key=new_home share=12345 changed=1"
    assert run("rollout", "new_home", "12.345%", WHY) == "key=new_home share=12345 changed=0"


def test_set_creates_and_changes(db):
    assert run("set", "new_home", "owner=Carol", "--create", WHY) == "key=new_home version=1 changed=1"
    assert run("set", "new_home", "default=on", 'tags=["home"]', WHY) == "key=new_home version=2 changed=1"
    assert run("set", "new_home", "default=on", WHY) == "key=new_home version=2 changed=0"
    flag = Flag.objects.get()
    assert (flag.owner, flag.default, flag.tags) == ("Carol", "on", ["home"])


def test_list_says_what_is_stale_and_what_is_archived(db):
    make("fresh")
    make("old")
    Flag.objects.filter(key="old").update(created_at=timezone.now() - timedelta(days=31))
    make("gone")

    assert run("archive", "gone", WHY) == "key=gone archived=1"
    assert [line.split()[0] for line in run("list").splitlines()] == ["key=fresh", "key=old"]
    assert run("list", "--stale").endswith('stale="nobody asked for it in 30 days"')
    assert "key=gone" in run("list", "--archived")


def test_a_flag_that_gives_everybody_the_same_is_stale_unless_it_stays(db):
    long_ago = timezone.now() - timedelta(days=31)
    make("done", rules=[{"serve": "on"}])
    make("switch", permanent=True)
    make("rolling", rules=[{"serve": "on", "share": 50_000}])
    Flag.objects.update(changed_at=long_ago, evaluated_at=timezone.now())

    assert [line.split()[0] for line in run("list", "--stale").splitlines()] == ["key=done"]


def test_show_and_explain(db, live_flags):
    make(rules=[{"name": "Seven", "people": ["7"], "serve": "on"}])

    assert json.loads(run("show", "new_home"))["rules"][0]["people"] == ["7"]
    told = run("explain", "new_home", '--context={"targetingKey": "7"}')
    assert "rule Seven: taken, serves on" in told
    assert told.endswith("key=new_home variant=on reason=TARGETING_MATCH")


def test_an_export_comes_back_as_it_was(db, tmp_path):
    make("base", default="on", tags=["a"])
    make("upper", requires={"base": ["on"]}, ends_on="2027-01-01")
    file = tmp_path / "flags.json"
    run("export", str(file))
    before = file.read_text()

    assert run("import", str(file), WHY) == "differ=0 applied=0"
    Flag.objects.all().delete()
    assert run("import", str(file), WHY, "--apply").endswith("differ=2 applied=2")
    run("export", str(file))

    assert file.read_text() == before


def test_an_import_is_a_difference_first(db, tmp_path):
    make()
    document = json.loads(run("export"))
    document["flags"][0]["default"] = "on"
    file = tmp_path / "flags.json"
    file.write_text(json.dumps(document))

    assert run("import", str(file), WHY).splitlines() == [
        "flag new_home",
        "  default: off → on",
        "differ=1 applied=0",
    ]
    assert Flag.objects.get().default == "off"
    assert run("import", str(file), WHY, "--apply").endswith("differ=1 applied=1")
    assert Flag.objects.get().default == "on"


def test_an_import_is_all_or_nothing(db, tmp_path):
    document = {
        "format": "guildhall-flags-1",
        "flags": [
            {"key": "good", "type": "boolean", "variants": {"on": True}, "off": "on", "default": "on"},
            {"key": "bad", "type": "boolean", "variants": {"on": True}, "off": "gone", "default": "on"},
        ],
    }
    file = tmp_path / "flags.json"
    file.write_text(json.dumps(document))

    with pytest.raises(CommandError, match="off"):
        run("import", str(file), WHY, "--apply")

    assert not Flag.objects.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["kill"],
        ["kill", "new_home"],
        ["kill", "gone", WHY],
        ["kill", "go\0ne", WHY],
        ["kill", "new_home", WHY, "--by=nobody@example.org"],
        ["show", "gone"],
        ["set", "gone", WHY],
        ["set", "new_home", "default", WHY],
        ["set", "new_home", "key=other", WHY],
        ["set", "new_home", "colour=red", WHY],
        ["rollout", "new_home", "many", WHY],
        ["rollout", "new_home", "101", WHY],
        ["rollout", "new_home", "nan", WHY],
        ["rollout", "new_home", "inf", WHY],
        ["explain", "new_home", "--context=["],
        ["import", "/nowhere/flags.json", WHY],
        ["export", "/nowhere/flags.json"],
    ],
)
def test_wrong_use_is_said(arguments, db):
    make()

    with pytest.raises(CommandError):
        run(*arguments)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "guildhall-flags-1", "flags": [1]}', "[" * 5000])
def test_a_document_that_is_none_is_said(text, db, tmp_path):
    file = tmp_path / "flags.json"
    file.write_text(text)

    with pytest.raises(CommandError):
        run("import", str(file), WHY)
