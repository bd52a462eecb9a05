"""What operators do in the admin and with commands."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from tagging import services
from tagging.models import Implication, Item, Merge, Tag, TagChange
from tests import factories


@pytest.fixture
def at_olga(client, db):
    client.force_login(factories.user(name="olga", superuser=True))
    return client


def act(client, tag, what, **fields):
    return client.post(f"/admin/tagging/tag/{tag.pk}/act/{what}/", {"reason": "because", **fields}, follow=True)


def run(*arguments):
    out, err = StringIO(), StringIO()
    call_command(*arguments, stdout=out, stderr=err)
    return out.getvalue().strip(), err.getvalue().strip().splitlines()


@pytest.mark.django_db(transaction=True)
def test_every_act_works_and_is_written_down(at_olga, tag):
    old, new = tag("js"), tag("javascript")

    act(at_olga, new, "synonym", name="ecma")
    act(at_olga, Tag.objects.get(name="ecma"), "own")
    act(at_olga, new, "imply", name="js")
    act(at_olga, new, "describe", description="A language.")
    act(at_olga, new, "standing", reserved="on")
    act(at_olga, old, "rename", name="Live Script")
    page = act(at_olga, old, "merge", name="javascript").content.decode()

    assert "is merged into" in page
    new.refresh_from_db()
    assert (new.description, bool(new.reserved_at), new.usage_count) == ("A language.", True, 2)
    assert sorted(new.synonyms.values_list("name", flat=True)) == ["js", "live-script"]
    assert TagChange.objects.exclude(reason="because").count() == 0
    assert TagChange.objects.count() == 7


@pytest.mark.parametrize(
    ("what", "fields"),
    [
        ("merge", {"name": "nothing"}),
        ("merge", {"name": ""}),
        ("merge", {"name": "js"}),
        ("merge", {"name": "<b>"}),
        ("rename", {"name": "javascript"}),
        ("rename", {"name": "x" * 60}),
        ("synonym", {"name": "javascript"}),
        ("imply", {"name": "js"}),
        ("own", {}),
        ("describe", {"description": "x" * 1001}),
        ("describe", {"group": "99"}),
        ("merge", {"name": "javascript", "reason": ""}),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_is_told_on_the_form(at_olga, tag, what, fields):
    tag("javascript")

    response = act(at_olga, tag("js"), what, **fields)

    assert response.status_code == 200
    assert response.context["form"].errors
    assert not TagChange.objects.exists()


def test_who_only_looks_may_not_act(client, tag):
    from django.contrib.auth.models import Permission

    henrik = factories.user(name="henrik", staff=True)
    henrik.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(henrik)

    refused = client.post(f"/admin/tagging/tag/{tag('js').pk}/act/rename/", {"name": "x", "reason": "x"})

    assert refused.status_code == 403
    assert client.get(f"/admin/tagging/tag/{tag('js').pk}/change/").status_code == 200
    assert Tag.objects.get().name == "js"


@pytest.mark.django_db(transaction=True)
def test_the_command_merges_shows_progress_and_undoes(tag):
    tag("js"), tag("javascript")

    dry = run("merge_tags", "js", "javascript", "--reason=x", "--dry-run")
    done = run("merge_tags", "js", "javascript", "--reason=x")
    number = Merge.objects.get().pk
    undone = run("merge_tags", f"--undo={number}")

    assert dry == ("would_move=1", [])
    assert done == (f"merge={number} moved=1", ["moved=1"])
    assert undone[0] == f"undone={number}"
    assert Tag.objects.get(name="js").usage_count == 1
    assert run("merge_tags")[0] == "finished=0"


@pytest.mark.parametrize("arguments", [("js",), ("js", "x"), ("js", "x", "--reason=y"), ("--undo=9",)])
def test_wrong_use_is_a_command_error(db, arguments):
    with pytest.raises(CommandError):
        call_command("merge_tags", *arguments)


@pytest.mark.django_db(transaction=True)
def test_drift_is_reported_and_repaired_on_demand(tagged, tag):
    tagged("a", "b")
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE tagging_tag SET usage_count = 7 WHERE name = 'a'")
        cursor.execute("UPDATE tagging_item SET tag_ids = '{}'")

    found, said = run("recount_tags")
    mended, _ = run("recount_tags", "--repair")

    assert found == "counts=1 arrays=1 repaired=0"
    assert said == [f"tag={tag('a').pk} shown=7 taggings=1", said[1]]
    assert mended == "counts=1 arrays=1 repaired=2"
    assert run("recount_tags")[0] == "counts=0 arrays=0 repaired=0"


@pytest.mark.django_db(transaction=True)
def test_tags_are_imported_once_with_their_aliases(tmp_path, tag):
    tag("python")
    path = tmp_path / "tags.csv"
    path.write_text("name,count,aliases\nJavaScript,900,js ecmascript\nPython,5,py\n<b>,1,\nraypal,x,\nраypal,1,\n")

    first, left = run("import_tags", str(path))
    second, _ = run("import_tags", str(path))

    assert first == "tags=1 synonyms=3 left_out=3"
    assert [line[:7] for line in left] == ["line 4:", "line 5:", "line 6:"]
    assert second == "tags=0 synonyms=0 left_out=3"
    assert dict(Tag.objects.exclude(canonical=None).values_list("name", "canonical__name")) == {
        "js": "javascript",
        "ecmascript": "javascript",
        "py": "python",
    }


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00"])
def test_a_file_that_is_no_list_of_tags_is_refused(db, tmp_path, content):
    path = tmp_path / "tags.csv"
    path.write_bytes(content)

    with pytest.raises(CommandError):
        call_command("import_tags", str(path))


def test_what_nobody_uses_is_retired(alice, tagged, tag):
    tagged("used")
    for name in ("unused", "followed", "described"):
        tagged(name).delete()
    services.follow_tag(tag=tag("followed"), kind="follow", by=alice)
    services.describe_tag(tag_id=tag("described").pk, description="x", by=alice, reason="x")
    Tag.objects.update(created_at="2020-01-01T00:00Z")

    count = services.retire_unused_tags()

    assert count == 1
    assert Tag.objects.get(name="unused").retired_at is not None
    assert not Implication.objects.exists()


def test_what_hangs_on_things_that_are_gone_is_swept_and_counted_down(tagged):
    gone, kept = tagged("wood"), tagged("wood")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM comments_discussion WHERE id = %s", [gone.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")

    swept = (services.sweep_strays(), services.sweep_strays())

    assert swept == (1, 0)
    assert Item.objects.get().object_id == kept.pk
    assert Tag.objects.get(name="wood").usage_count == 1
