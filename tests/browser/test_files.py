"""Files in a real browser: a full disk (story 7), a hostile name, two at once, drag and drop."""

import threading

import pytest
from django.urls import reverse

from quotas import delivery
from quotas.models import StoredFile, Upload
from tests import factories
from tests.browser.test_double_click import opened
from tests.quotas.conftest import account, empty_storage, limit, make_plans, must_balance, must_fit  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice(db):
    make_plans()
    return factories.user(name="alice")


def chosen(page, name, size=None, content=None):
    page.set_input_files("#id_file", {"name": name, "mimeType": "", "buffer": content or b"x" * size})


def upload(page, name, size):
    page.goto(reverse("quotas:files"))
    chosen(page, name, size)
    page.get_by_role("button", name="Upload", exact=True).click()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_full_disk(new_context, alice, mail_sink, scripts):
    """Story 7: warnings at 70 and at 85, 90 stored, a refusal with the numbers, an emptied trash, and on it goes."""
    limit(alice, 1000)
    page = opened(new_context, alice, scripts=scripts)

    upload(page, "first.txt", 720)
    page.get_by_text("more than 70 % full").wait_for()
    upload(page, "second.txt", 180)
    page.get_by_text("more than 85 % full").wait_for()
    delivery.mail_notices()
    assert "900 bytes of 1 kB" in mail_sink.wait_for(to=alice.email, subject="85 % full").get_body().get_content()
    upload(page, "third.txt", 200)
    page.get_by_text("Your limit is 1 kB: 900 bytes used, 100 bytes free. This needs 200 bytes.").wait_for()

    page.goto(reverse("quotas:files"))
    page.get_by_role("button", name="Move first.txt to the trash").click()
    page.get_by_text("is in the trash").wait_for()
    page.get_by_role("link", name="Trash", exact=True).click()
    page.get_by_role("button", name="Empty the trash").click()
    page.get_by_text("1 file deleted for good").wait_for()
    upload(page, "third.txt", 200)
    page.get_by_role("link", name="third.txt", exact=True).wait_for()

    assert account(alice).used == 380
    must_balance()


def test_two_browsers_at_once_never_pass_the_limit_together(new_context, alice, settings):
    """3 GB each against 5 GB, a thousandth of it."""
    limit(alice, 5_000_000)
    pages = [opened(new_context, alice, scripts=True) for _ in "12"]
    for number, page in enumerate(pages):
        page.goto(reverse("quotas:files"))
        chosen(page, f"film{number}.bin", 3_000_000)

    for page in pages:
        page.evaluate("document.querySelector('form[data-upload] button[type=submit]').click()")
    done = threading.Event()
    for _ in range(400):
        if not Upload.objects.open().exists() and StoredFile.objects.count() == 1:
            done.set()
            break
        pages[0].wait_for_timeout(50)

    assert done.is_set()
    refused = [page for page in pages if page.get_by_text("Your limit is 5 MB").count()]
    assert len(refused) == 1
    assert StoredFile.objects.count() == 1
    assert account(alice).used == 3_000_000
    must_fit()
    must_balance()


def test_a_file_with_a_hostile_name_and_a_script_runs_nowhere(new_context, alice, empty_storage):  # noqa: F811
    page = opened(new_context, alice, scripts=True)
    ran = []
    page.expose_function("ran", lambda: ran.append(1))
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    evil = b"<!doctype html><script>window.ran && window.ran(); alert(document.domain)</script><h1>evil</h1>"
    page.goto(reverse("quotas:files"))
    # A browser keeps the last step of a name; a program need not.
    status = page.evaluate(
        """async (content) => {
            const token = document.querySelector("form[data-upload] [name=csrfmiddlewaretoken]").value;
            const answer = await fetch("/api/v1/uploads", {
                method: "POST", body: content,
                headers: {
                    "Tus-Resumable": "1.0.0", "X-CSRFToken": token, "Upload-Length": String(content.length),
                    "Content-Type": "application/offset+octet-stream",
                    "Upload-Metadata": "filename " + btoa("../../x.html"),
                },
            });
            return answer.status;
        }""",
        evil.decode(),
    )
    assert status == 201
    file = StoredFile.objects.get()

    page.goto(reverse("quotas:files"))
    page.get_by_role("link", name="x.html", exact=True).click()
    page.get_by_role("heading", name="x.html").wait_for()
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="Download", exact=True).click()
    assert downloaded.value.suggested_filename == "x.html"
    for query in ("", "?shown"):
        with page.expect_download():
            page.evaluate(
                "address => { location.href = address }", reverse("quotas:version", args=[file.current_id]) + query
            )

    assert (file.name, ran) == ("x.html", [])
    assert all(path.is_relative_to(empty_storage / "blobs") for path in empty_storage.rglob("*") if path.is_file())
    assert not (empty_storage.parent / "x.html").exists()


def test_dropped_files_are_sent_each_with_a_bar(new_context, alice):
    page = opened(new_context, alice, scripts=True)
    page.goto(reverse("quotas:files"))

    page.evaluate(
        """() => {
            const sent = new DataTransfer();
            for (const name of ["a.txt", "b.txt"]) sent.items.add(new File(["x".repeat(1000)], name));
            document.querySelector("form[data-upload]").dispatchEvent(
                new DragEvent("drop", { dataTransfer: sent, bubbles: true, cancelable: true }));
        }"""
    )
    page.get_by_role("link", name="b.txt", exact=True).wait_for()

    assert sorted(StoredFile.objects.values_list("name", flat=True)) == ["a.txt", "b.txt"]


def test_pages_of_files_are_accessible(new_context, alice, axe):
    page = opened(new_context, alice, scripts=True)
    limit(alice, 1000)
    upload(page, "first.txt", 960)
    page.get_by_role("link", name="first.txt", exact=True).wait_for()
    file = StoredFile.objects.get()

    for address in ("quotas:files", "quotas:usage", "quotas:trash"):
        page.goto(reverse(address))
        assert axe(page) == [], address
    page.goto(reverse("quotas:file", args=[file.pk]))
    assert axe(page) == []


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_file_comes_with_a_comment_and_stays_ticked_when_the_words_are_refused(
    new_context, alice, axe, settings, scripts
):
    settings.COMMENTS_BANNED_WORDS = ["rascal"]
    discussion = factories.discussion(by=alice)
    page = opened(new_context, alice, scripts=scripts)
    page.goto(discussion.get_absolute_url())
    page.get_by_label("Your words").fill("You rascal, see the plan.")
    page.get_by_text("Attach files").click()
    page.get_by_label("New ones").set_input_files({"name": "plan.txt", "mimeType": "", "buffer": b"A, then B."})

    page.get_by_role("button", name="Post", exact=True).click()
    page.get_by_text("is not said here").wait_for()
    kept = page.get_by_label("plan.txt")
    assert kept.is_checked()
    if scripts:
        assert axe(page) == []
    page.get_by_label("Your words").fill("Friend, see the plan.")
    page.get_by_role("button", name="Post", exact=True).click()
    page.get_by_role("link", name="plan.txt").wait_for()

    with page.expect_download() as download:
        page.get_by_role("link", name="plan.txt").click()
    assert download.value.path().read_bytes() == b"A, then B."
    assert StoredFile.objects.count() == 1
