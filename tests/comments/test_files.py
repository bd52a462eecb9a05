"""Files at discussions and comments: stored before the words stand, seen by who sees the words, and by nobody else."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from comments import services
from comments.models import Comment, Discussion
from quotas.delivery import draw_pictures
from quotas.models import Attachment, StoredFile
from quotas.services import files as people_files
from quotas.services import uploads
from tests import factories
from tests.quotas.conftest import limit, make_plans

WORDS = "Here is the plan."


@pytest.fixture(autouse=True)
def storage(settings, tmp_path, db):
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "files")},
        }
    }
    make_plans()


@pytest.fixture
def at_bob(bob):
    client = Client()
    client.force_login(bob)
    return client


def stored(by, name="plan.txt", content=b"A, then B."):
    return uploads.store(user_id=by.pk, name=name, size=len(content), stream=io.BytesIO(content))


def picture(name="bench.png"):
    drawn = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(drawn, "PNG")
    return SimpleUploadedFile(name, drawn.getvalue(), "image/png")


def text(name="plan.txt", content=b"A, then B."):
    return SimpleUploadedFile(name, content, "text/plain")


def say(client, thing, **fields):
    return client.post(f"/comments/on/comments.discussion/{thing.pk}", {"body": WORDS, **fields}, follow=True)


def download(client, attachment):
    response = client.get(f"/files/attachments/{attachment.pk}/")
    return response.status_code, b"".join(response.streaming_content) if response.streaming else b""


def test_a_file_that_comes_with_a_comment_is_stored_shown_and_downloaded_by_who_reads_it(at_bob, at_alice, bread, bob):
    say(at_bob, bread, sent=[text(), text("list.txt", b"Salt.")])

    page = at_alice.get(bread.get_absolute_url()).content.decode()
    rows = list(Attachment.objects.order_by("pk"))
    assert "<bdi>plan.txt</bdi>" in page
    assert "<bdi>list.txt</bdi>" in page
    assert [download(at_alice, row) for row in rows] == [(200, b"A, then B."), (200, b"Salt.")]
    assert {file.owner for file in StoredFile.objects.all()} == {bob}


def test_a_picture_is_shown_small_once_it_was_drawn(at_bob, at_alice, bread):
    say(at_bob, bread, sent=picture())
    row = Attachment.objects.get()
    before = at_alice.get(f"/files/attachments/{row.pk}/picture/").status_code
    draw_pictures()

    page = at_alice.get(bread.get_absolute_url()).content.decode()

    small = at_alice.get(f"/files/attachments/{row.pk}/picture/")
    assert before == 404
    assert f'<img src="/files/attachments/{row.pk}/picture/" alt="bench.png" loading="lazy">' in page
    assert small["Content-Type"] == "image/webp"
    assert "sandbox" in small["Content-Security-Policy"]


def test_a_discussion_is_opened_with_files_new_and_old(at_bob, at_alice, bob):
    kept = stored(bob, "rules.txt", b"None.")
    form = at_bob.get("/discussions/new").content.decode()

    at_bob.post("/discussions/new", {"title": "Plans", "body": "See below.", "sent": text(), "kept": kept.pk})

    page = at_alice.get(Discussion.objects.get().get_absolute_url()).content.decode()
    assert "<bdi>rules.txt</bdi>" in form
    assert "plan.txt" in page
    assert "rules.txt" in page


def test_a_file_of_a_name_that_is_taken_is_another_file(at_bob, bread):
    say(at_bob, bread, sent=text(content=b"First."))
    say(at_bob, bread, body="Another.", sent=text(content=b"Second."))

    first, second = Attachment.objects.order_by("pk")
    assert [download(at_bob, each)[1] for each in (first, second)] == [b"First.", b"Second."]
    assert second.file.name == "plan (2).txt"


@pytest.mark.parametrize("stranger", ["its author's words wait", "it is hidden", "it is deleted"])
def test_who_does_not_read_the_words_gets_no_file(at_bob, at_alice, at_mona, bread, bob, mona, stranger):
    at_alice = Client()
    at_alice.force_login(bread.author)
    at_moderator = Client()
    at_moderator.force_login(mona)
    say(at_bob, bread, sent=picture())
    draw_pictures()
    row, attachment = Comment.objects.get(), Attachment.objects.get()
    factories.comment(under=row, by=bread.author)

    if stranger == "it is deleted":
        services.delete_comment(comment_id=row.pk, by=bob)
    elif stranger == "it is hidden":
        services.moderate_comment(comment_id=row.pk, kind="hide", reason="Rude", by=mona)
    else:
        Comment.objects.filter(pk=row.pk).update(state="held", verdict="x")

    page = at_alice.get(bread.get_absolute_url()).content.decode()
    assert "bench.png" not in page
    assert download(at_alice, attachment)[0] == 404
    assert at_alice.get(f"/files/attachments/{attachment.pk}/picture/").status_code == 404
    assert download(at_moderator, attachment)[0] == 200


def test_a_moderator_sees_in_the_queue_what_is_attached(at_bob, at_mona, bread):
    say(at_bob, bread, sent=text())
    Comment.objects.update(state="held", verdict="x")

    assert "plan.txt" in at_mona.get("/moderation?queue=held").content.decode()


def test_nobody_attaches_what_is_not_theirs(at_bob, alice, bread):
    secret = stored(alice, "diary.txt")

    page = say(at_bob, bread, kept=secret.pk)

    assert "There is no such file." in page.content.decode()
    assert WORDS in page.content.decode()
    assert not Comment.objects.exists()


@pytest.mark.parametrize("key", ["x", "0", "9" * 30, "-1", "\u0663", "99999"])
def test_a_key_that_is_none_is_refused(at_bob, bread, key):
    assert say(at_bob, bread, kept=key).status_code == 422
    assert not Attachment.objects.exists()


def test_more_than_ten_are_refused_and_the_words_kept(at_bob, bread):
    page = say(at_bob, bread, sent=[text(f"{n}.txt") for n in range(11)])

    assert page.status_code == 422
    assert "At most 10 files" in page.content.decode()
    assert WORDS in page.content.decode()
    assert not StoredFile.objects.exists()


def test_what_has_no_room_is_told_with_the_words_kept(at_bob, bob, bread):
    limit(bob, 100_000)

    page = say(at_bob, bread, sent=text(content=b"x" * 300_000))

    assert page.status_code == 413
    assert "There is no room for this file" in page.content.decode()
    assert WORDS in page.content.decode()
    assert not Comment.objects.exists()


def test_the_second_of_two_that_has_no_room_leaves_the_first_ticked(at_bob, bob, bread):
    limit(bob, 50_000)

    page = say(at_bob, bread, sent=[text("a.txt", b"x" * 30_000), text("b.txt", b"x" * 30_000)])

    kept = StoredFile.objects.get()
    assert page.status_code == 413
    assert kept.name == "a.txt"
    assert "a.txt" in page.content.decode()


def test_files_stay_ticked_when_the_words_are_refused(at_bob, bread, settings):
    settings.COMMENTS_BANNED_WORDS = ["rascal"]

    page = say(at_bob, bread, body="You rascal.", sent=text()).content.decode()

    kept = StoredFile.objects.get()
    assert f'name="kept" value="{kept.pk}" checked' in page
    say(at_bob, bread, kept=kept.pk)
    assert Attachment.objects.get().file == kept


def test_a_file_is_taken_away_by_its_owner_alone_and_stays_among_theirs(at_bob, at_alice, bread):
    say(at_bob, bread, sent=text())
    row, attachment = Comment.objects.get(), Attachment.objects.get()
    address = f"/files/attachments/{attachment.pk}/removal/"
    form = at_bob.get(f"/comments/{row.pk}/edit").content.decode()

    strange = at_alice.post(address).status_code
    there = Attachment.objects.exists()
    at_bob.post(address)

    assert address in form
    assert (strange, there, Attachment.objects.exists()) == (404, True, False)
    assert StoredFile.objects.live().count() == 1


def test_in_the_trash_or_deleted_a_file_is_not_shown(at_bob, bob, bread):
    say(at_bob, bread, sent=text())
    attachment = Attachment.objects.select_related("file").get()
    people_files.trash_file(file_id=attachment.file_id, user_id=bob.pk)

    page = at_bob.get(bread.get_absolute_url()).content.decode()

    assert "plan.txt" not in page
    assert download(at_bob, attachment)[0] == 404
    people_files.delete_file(file_id=attachment.file_id, user_id=bob.pk)
    assert at_bob.get(bread.get_absolute_url()).status_code == 200


def test_with_the_words_of_a_deleted_comment_its_attachments_go_and_the_file_stays(at_bob, bob, bread):
    say(at_bob, bread, sent=text())
    services.delete_comment(comment_id=Comment.objects.get().pk, by=bob)
    Comment.objects.update(deleted_at="2020-01-01T00:00:00Z")

    services.forget_deleted()

    assert not Attachment.objects.exists()
    assert StoredFile.objects.live().exists()


def test_by_the_api_files_are_named_and_told(at_bob, at_alice, bob, alice, bread):
    address = f"/api/v1/comments/comments.discussion/{bread.pk}"
    mine, secret = stored(bob), stored(alice, "diary.txt")

    def send(*keys):
        return at_bob.post(address, {"body": WORDS, "files": keys}, content_type="application/json")

    refused = [send(secret.pk).status_code, send(0).status_code, send(*range(1, 12)).status_code]
    said = send(mine.pk).json()

    (told,) = at_alice.get(address).json()["items"]
    attachment = Attachment.objects.get()
    assert refused == [409, 422, 422]
    assert told == said
    assert told["files"] == [
        {
            "id": attachment.pk,
            "name": "plan.txt",
            "size": 10,
            "content_type": "text/plain",
            "url": f"/files/attachments/{attachment.pk}/",
        }
    ]


def test_the_api_tells_files_also_of_a_comment_that_was_changed_or_moderated(at_bob, at_mona, bread):
    say(at_bob, bread, sent=text())
    row = Comment.objects.get()
    as_json = {"content_type": "application/json"}

    changed = at_bob.patch(f"/api/v1/comments/{row.pk}", {"body": "Here it is."}, **as_json).json()
    kept = at_mona.post(f"/api/v1/comments/{row.pk}/acts", {"kind": "keep", "reason": "Fine"}, **as_json).json()

    assert [[file["name"] for file in each["files"]] for each in (changed, kept)] == [["plan.txt"]] * 2


def test_a_hostile_name_runs_nothing(at_bob, at_alice, bread):
    say(at_bob, bread, sent=text('"><script>alert(1)</script>.txt'))
    say(at_bob, bread, body="Again.", sent=picture('x" onerror="alert(1).png'))
    draw_pictures()

    page = at_alice.get(bread.get_absolute_url()).content.decode()

    assert "<script>alert" not in page
    assert 'onerror="alert' not in page


def test_files_cost_a_page_no_statement(at_alice, bread, bob, at_bob, django_assert_num_queries):
    for number in range(3):
        say(at_bob, bread, body=f"No. {number}", sent=[text(f"{number}-{each}.txt") for each in range(3)])
    at_alice = Client()
    at_alice.force_login(bread.author)
    at_alice.get(bread.get_absolute_url())

    # Two are the sign-in's, as without files.
    with django_assert_num_queries(8):
        at_alice.get(bread.get_absolute_url())
