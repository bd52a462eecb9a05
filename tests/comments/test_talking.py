"""Saying something: the forms with and without a script, what is refused and kept, what strangers may not."""

import pytest
from django.utils import timezone

from comments import rendering, services
from comments.models import COMMENT_MAX, Comment, Thread
from tests import factories

HTMX = {"HX-Request": "true"}


def new(thing):
    return f"/comments/on/comments.discussion/{thing.pk}"


@pytest.fixture
def salt(bread, bob):
    return factories.comment(on=bread, by=bob)


def test_a_comment_and_a_reply_stand_in_the_thread(at_alice, bread):
    at_alice.post(new(bread), {"body": "I bring *salt*."})
    root = Comment.objects.get()

    response = at_alice.post(new(bread), {"body": "And pepper.", "parent": root.pk})

    reply = Comment.objects.get(parent=root)
    page = at_alice.get(bread.get_absolute_url()).content.decode()
    assert response["Location"] == f"/comments/{reply.pk}#comment-{reply.pk}"
    assert page.index("I bring <em>salt</em>.") < page.index("And pepper.")
    assert "2 replies" in page


def test_with_htmx_the_reply_comes_back_alone(at_alice, bread, salt):
    response = at_alice.post(new(bread), {"body": "And pepper.", "parent": salt.pk}, headers=HTMX)

    page = response.content.decode()
    assert response["HX-Retarget"] == f"#replies-{salt.pk}"
    assert "And pepper." in page
    assert "<html" not in page


def test_the_same_form_says_it_once(at_alice, bread):
    fields = {"body": "Salt.", "idempotency_key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}

    for _ in range(2):
        at_alice.post(new(bread), fields)

    assert Comment.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        "",
        "x" * (COMMENT_MAX + 1),
        " \u200b ",
        "a\0b",
        "z" + "\u0335" * 9,
        "\u202eevil",
        ">" * 1000 + " deep",
        "- " * 30 + "deep",
    ],
)
def test_what_cannot_be_taken_is_refused_and_kept(at_alice, bread, body):
    must_be_refused(at_alice, bread, body)


def test_what_takes_too_long_to_lay_out_is_refused_and_kept(at_alice, bread, monkeypatch):
    monkeypatch.setitem(rendering.render.__kwdefaults__, "seconds", 0.0)

    must_be_refused(at_alice, bread, "[" * 100)


def must_be_refused(browser, bread, body):
    response = browser.post(new(bread), {"body": body})

    form = response.context["comment_form"]
    assert response.status_code == 422
    assert list(form.errors) == ["body"]
    assert form["body"].value() == body
    assert not Comment.objects.exists()


def test_a_refusal_comes_with_htmx_as_a_form_that_can_be_swapped_in(at_alice, bread, salt):
    Thread.objects.update(locked_at=timezone.now())

    response = at_alice.post(new(bread), {"body": "My long words.", "parent": salt.pk}, headers=HTMX)

    page = response.content.decode()
    assert response.status_code == 200
    assert "My long words." in page
    assert "locked" in page


@pytest.mark.parametrize("parent", ["x", "-1", "0", str(2**63), "99999"])
def test_a_parent_that_is_none_is_refused_and_the_words_are_kept(at_alice, bread, parent):
    response = at_alice.post(new(bread), {"body": "My words.", "parent": parent})

    assert response.status_code == 422
    assert "My words." in response.content.decode()
    assert not Comment.objects.exists()


def test_a_reply_to_what_was_deleted_meanwhile_is_refused_and_kept(at_alice, bread, bob, salt):
    services.delete_comment(comment_id=salt.pk, by=bob)

    response = at_alice.post(new(bread), {"body": "My words.", "parent": salt.pk})

    assert response.status_code == 422
    assert "not there any more" in response.content.decode()
    assert "My words." in response.content.decode()


def test_a_quote_begins_the_answer(at_alice, salt):
    response = at_alice.get(f"/comments/{salt.pk}/reply?quote=1")

    assert response.context["comment_form"]["body"].value() == "> I bring salt.\n\n"


def test_a_permalink_shows_what_it_answers_and_its_replies(at_alice, bread, alice, salt):
    reply = factories.comment(under=salt, by=alice, body="In between.")
    factories.comment(under=reply, by=alice, body="Below.")
    factories.comment(under=salt, by=alice, body="Elsewhere.")

    page = at_alice.get(reply.get_absolute_url()).content.decode()

    assert page.index("I bring salt.") < page.index("In between.") < page.index("Below.")
    assert "Elsewhere." not in page


def test_an_edit_changes_the_words_and_a_late_one_shows_its_history(at_alice, alice, bread):
    row = factories.comment(on=bread, by=alice, created_at=timezone.now() - services.EDIT_FREELY * 2)

    at_alice.post(f"/comments/{row.pk}/edit", {"body": "I bring **pepper**."})

    assert "<strong>pepper</strong>" in at_alice.get(row.get_absolute_url()).content.decode()
    assert "I bring salt." in at_alice.get(f"/comments/{row.pk}/history").content.decode()


def test_what_is_deleted_can_be_brought_back_for_a_moment(at_alice, alice, bread):
    row = factories.comment(on=bread, by=alice)
    told = at_alice.post(f"/comments/{row.pk}/deletion").content.decode()
    gone = at_alice.get(row.get_absolute_url()).status_code

    at_alice.post(f"/comments/{row.pk}/deletion/undo")

    assert "Undo" in told
    assert gone == 404
    assert at_alice.get(row.get_absolute_url()).status_code == 200


def test_a_tombstone_says_nothing_of_what_it_said(at_alice, alice, bread):
    row = factories.comment(on=bread, by=alice, body="my secret")
    factories.comment(under=row, by=alice, body="An answer.")
    services.edit_comment(comment_id=row.pk, body="my other secret", by=alice)

    at_alice.post(f"/comments/{row.pk}/deletion")

    pages = [
        at_alice.get(url).content.decode()
        for url in (bread.get_absolute_url(), f"/comments/{row.pk}", f"/comments/{row.pk}/history")
    ]
    assert "Deleted by its author" in pages[0]
    assert "An answer." in pages[0]
    assert not any("secret" in page for page in pages)


@pytest.mark.parametrize("path", ["edit", "deletion", "deletion/undo"])
def test_what_others_wrote_cannot_be_changed(at_alice, salt, path):
    response = at_alice.post(f"/comments/{salt.pk}/{path}", {"body": "Mine now."})

    assert response.status_code == 404
    assert Comment.objects.get().body == "I bring salt."


@pytest.mark.parametrize("vote", ["up", "down"])
def test_a_vote_comes_back_pressed(at_alice, salt, vote):
    page = at_alice.post(f"/comments/{salt.pk}/vote", {"vote": vote}, headers=HTMX).content.decode()

    salt.refresh_from_db()
    assert page.count('aria-pressed="true"') == 1
    assert getattr(salt, f"{vote}s") == 1


def test_a_vote_on_ones_own_is_refused_plainly(at_alice, alice, bread):
    row = factories.comment(on=bread, by=alice)

    page = at_alice.post(f"/comments/{row.pk}/vote", {"vote": "up"}, headers=HTMX).content.decode()

    assert "You cannot vote on what is your own." in page


def test_a_vote_that_is_none_is_refused(at_alice, salt):
    assert at_alice.post(f"/comments/{salt.pk}/vote", {"vote": "sideways"}).status_code == 400


@pytest.mark.parametrize("path", ["", "/replies", "/history", "/reply", "/edit"])
def test_pages_are_for_those_who_are_signed_in(client, salt, path):
    assert client.get(f"/comments/{salt.pk}{path}")["Location"].startswith("/accounts/")


@pytest.mark.parametrize("path", ["", "/replies", "/history", "/reply", "/edit"])
def test_an_unknown_comment_is_not_there(at_alice, db, path):
    assert at_alice.get(f"/comments/12{path}").status_code == 404


@pytest.mark.parametrize("target", ["comments.discussion/99", "comments.comment/1", "sessions_app.user/1", "x/1"])
def test_only_what_declares_it_can_be_talked_about(at_alice, salt, target):
    assert at_alice.post(f"/comments/on/{target}", {"body": "Hm."}).status_code == 404


@pytest.mark.parametrize("path", ["/vote", "/deletion", "/deletion/undo"])
def test_an_act_takes_no_get(at_alice, salt, path):
    assert at_alice.get(f"/comments/{salt.pk}{path}").status_code == 405


def test_a_text_that_takes_too_long_is_refused():
    with pytest.raises(rendering.TooMuch, match="too long"):
        rendering.render("word " * 50, seconds=-1)


@pytest.mark.parametrize(
    "text",
    [
        *("[" * 40_000, "![[]()" * 6_000, "*a_ " * 10_000, "*a **a " * 5_000, "[a](b" * 8_000, "|" * 40_000),
        *("a\n" + "> " * 19 + "a\n> " * 9_000, "<" * 40_000, "&" * 40_000, "http://" * 5_700, "a@" * 20_000),
        "".join("e" + "`" * run for run in range(280)),
    ],
)
def test_pathological_markdown_is_laid_out_or_refused(text):
    try:
        html = rendering.render(text)
    except rendering.TooMuch:
        html = ""

    assert rendering.clean(html) == html


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ask @bob and @Carol-Ng.", {"bob", "carol-ng"}),
        ("me@example.org", set()),
        ("`@bob`", set()),
        ("@ nobody @", set()),
        ("(@bob)", {"bob"}),
    ],
)
def test_mentions_are_found_where_they_are_meant(text, names):
    assert rendering.mentioned(rendering.render(text)) == names


def test_a_preview_shows_what_it_will_look_like_and_keeps_nothing(at_alice):
    pages = [at_alice.post("/comments/preview", {"body": "So *be* it."}, headers=headers) for headers in ({}, HTMX)]

    assert all("So <em>be</em> it." in page.content.decode() for page in pages)
    assert "<html" not in pages[1].content.decode()
    assert not Comment.objects.exists()


@pytest.mark.parametrize("body", ["", "x" * (COMMENT_MAX + 1), "\u202eevil", "- " * 30 + "deep"])
def test_a_preview_of_what_cannot_be_taken_says_why(at_alice, body):
    response = at_alice.post("/comments/preview", {"body": body})

    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()


def test_a_preview_runs_no_html_of_its_own(at_alice):
    page = at_alice.post("/comments/preview", {"body": "<script>alert(1)</script>"}, headers=HTMX).content.decode()

    assert "<script" not in page
