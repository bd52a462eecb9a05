"""The pages of files: they work, strangers get nothing, refusals are told, and downloads run nowhere."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from lib import keyset
from quotas.models import Notice, StoredFile
from quotas.services import files
from tests.quotas.conftest import limit, numbers, stored

pytestmark = pytest.mark.django_db(transaction=True)


def send(browser, content=b"0123456789", name="plan.txt", **fields):
    return browser.post(
        reverse("quotas:upload_create"), {"file": SimpleUploadedFile(name, content), **fields}, follow=True
    )


PAGES = ("files", "usage", "trash")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_works_empty_and_filled(alice, at_alices, page):
    assert at_alices.get(reverse(f"quotas:{page}")).status_code == 200
    file = stored(alice, 10)
    stored(alice, 10, name="other.mp3")
    files.trash_file(file_id=file.pk, user_id=alice.pk)

    assert at_alices.get(reverse(f"quotas:{page}")).status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_a_list_asks_as_many_queries_for_many_files(alice, at_alices, page):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            at_alices.get(reverse(f"quotas:{page}"))
        return len(queries)

    for number in range(2):
        another(alice, number, page)
    asked()
    few = asked()
    for number in range(2, 8):
        another(alice, number, page)

    assert asked() == few


def test_a_page_that_begins_nowhere_is_refused(at_alices):
    assert at_alices.get(reverse("quotas:files") + "?after=rubbish").status_code == 400


def test_pages_follow_each_other(alice, at_alices, monkeypatch):
    monkeypatch.setitem(keyset.page.__kwdefaults__, "limit", 2)
    for number in range(3):
        stored(alice, 1, name=f"{number}.txt")

    first = at_alices.get(reverse("quotas:files"))
    second = at_alices.get(reverse("quotas:files"), {"after": first.context["older"]})

    assert [file.name for page in (first, second) for file in page.context["files"]] == ["2.txt", "1.txt", "0.txt"]


def another(user, number, page):
    file = stored(user, 1, name=f"{number}.txt")
    if page == "trash":
        files.trash_file(file_id=file.pk, user_id=user.pk)


def test_the_plain_form_stores_a_file(alice, at_alices):
    page = send(at_alices)

    assert "is stored" in page.content.decode()
    assert numbers(alice) == (10, 0)


def test_the_plain_form_is_refused_over_the_limit_with_the_numbers(alice, at_alices):
    limit(alice, 5)
    page = send(at_alices)

    assert page.status_code == 413
    assert "Your limit is 5 bytes: 0 bytes used, 5 bytes free. This needs 10 bytes." in page.content.decode()
    assert not StoredFile.objects.exists()


def test_a_large_form_is_refused_before_its_file_is_read(alice, at_alices):
    limit(alice, 1000)
    page = send(at_alices, b"x" * 200_000)

    assert page.status_code == 413
    assert "There is no room for this file" in page.content.decode()


def test_a_form_without_a_file_is_told_so(at_alices):
    assert at_alices.post(reverse("quotas:upload_create"), {}).status_code == 422


def test_an_upload_into_somebody_elses_folder_finds_none(mallory, at_alices):
    folder = files.create_folder(user_id=mallory.pk, name="secret")

    assert send(at_alices, folder=folder.pk).status_code == 404
    assert send(at_alices, folder="9" * 40).status_code == 404


def addresses_of(file, version):
    posts = {"file_move", "file_trash", "file_restore", "file_delete", "file_copy"}
    found = [("get", reverse("quotas:file", args=[file.pk])), ("get", reverse("quotas:version", args=[version.pk]))]
    found += [("get", reverse("quotas:picture", args=[version.pk]))]
    found += [("post", reverse(f"quotas:{name}", args=[file.pk])) for name in sorted(posts)]
    return found + [
        ("post", reverse(f"quotas:{name}", args=[version.pk])) for name in ("version_bring_back", "version_delete")
    ]


def test_another_persons_files_are_not_there(alice, at_mallorys):
    file = stored(alice, 10)

    for method, address in addresses_of(file, file.current):
        assert getattr(at_mallorys, method)(address).status_code == 404, address
    assert numbers(alice) == (10, 0)


def test_the_wrong_method_is_refused(alice, at_alices):
    file = stored(alice, 10)

    for method, address in addresses_of(file, file.current):
        wrong = at_alices.post if method == "get" else at_alices.get
        assert wrong(address).status_code == 405, address


def test_everything_that_a_person_does_to_a_file(alice, at_alices):
    stored(alice, 10)
    file = stored(alice, 4)
    old = file.versions.get(number=1)

    def do(act, key, **fields):
        page = at_alices.post(reverse(f"quotas:{act}", args=[key]), fields, follow=True)
        return page.content.decode()

    assert "copy of its own" in do("file_copy", file.pk)
    assert "is what the file holds again" in do("version_bring_back", old.pk)
    assert "deleted for good" in do("version_delete", old.pk)
    assert "cannot be deleted alone" in do("version_delete", file.versions.latest("number").pk)
    assert "Saved." in do("file_move", file.pk, name="renamed.txt")
    assert "already" in do("file_move", file.pk, name="plan (2).txt")
    assert "in the trash" in do("file_trash", file.pk)
    assert "is back" in do("file_restore", file.pk)
    assert "deleted for good" in do("file_delete", file.pk)


def test_a_banner_shows_the_level_and_can_be_put_off(alice, at_alices):
    limit(alice, 10)
    stored(alice, 9)
    page = at_alices.get(reverse("quotas:files")).content.decode()
    assert "more than 85 % full" in page
    assert "Your storage is 85 % full" in at_alices.get("/").content.decode()

    notice = Notice.objects.get(level=85)
    at_alices.post(reverse("quotas:notice_snooze", args=[notice.pk]))

    assert "more than" not in at_alices.get(reverse("quotas:files")).content.decode()


def test_another_persons_banner_is_not_there(alice, at_mallorys):
    limit(alice, 10)
    stored(alice, 9)

    assert at_mallorys.post(reverse("quotas:notice_snooze", args=[Notice.objects.first().pk])).status_code == 404


# --- Downloads --------------------------------------------------------------------------------------------


@pytest.fixture
def ask(alice, at_alices):
    file = stored(alice, 10, name="x.html")

    def get(query="", **headers):
        return at_alices.get(reverse("quotas:version", args=[file.current_id]) + query, headers=headers)

    return get


def test_what_is_downloaded_runs_nowhere(ask):
    for response in (ask(), ask("?shown")):
        assert response["Content-Disposition"] == 'attachment; filename="x.html"'
        assert response["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Type"] == "text/html"


@pytest.mark.parametrize(
    ("field", "status", "length", "said"),
    [
        ("bytes=0-3", 206, 4, "bytes 0-3/10"),
        ("bytes=8-", 206, 2, "bytes 8-9/10"),
        ("bytes=-3", 206, 3, "bytes 7-9/10"),
        ("bytes=0-999", 206, 10, "bytes 0-9/10"),
        ("bytes=10-", 416, 0, "bytes */10"),
        ("bytes=0-1,3-4", 200, 10, None),
        ("bytes=5-2", 200, 10, None),
        ("lines=1-2", 200, 10, None),
        ("bytes=" + "9" * 400 + "-", 200, 10, None),
    ],
)
def test_a_range_is_sent_as_asked(ask, field, status, length, said):
    response = ask(Range=field)

    assert (response.status_code, response.get("Content-Range")) == (status, said)
    assert len(response.getvalue()) == length


def test_a_range_of_something_that_changed_is_all_of_it(ask):
    etag = ask()["ETag"]

    assert ask(**{"Range": "bytes=0-3", "If-Range": etag}).status_code == 206
    assert ask(**{"Range": "bytes=0-3", "If-Range": '"other"'}).status_code == 200


def test_the_api_says_what_may_be_used(alice, at_alices):
    limit(alice, 100)
    stored(alice, 70)

    response = at_alices.get("/api/v1/quota")

    (storage, objects) = response.json()["quotas"]
    assert (storage["used"], storage["limit"], storage["remaining"], storage["state"]) == (70, 100, 30, "near")
    assert (objects["resource"], objects["used"]) == ("files", 1)
    assert response["X-Quota-Remaining"] == "30"
