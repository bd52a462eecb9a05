"""Words that moderators look at, and words that are not said here, however they are dressed up."""

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from comments import services, words
from comments.models import Comment, Discussion
from lib import targets
from tests import factories

FULL_WIDTH = "".join(chr(ord(sign) + 0xFEE0) for sign in "rascal")
CYRILLIC = "r\u0430sc\u0430l"


@pytest.mark.parametrize(
    "text", ["You rascal!", "RASCAL", "r\u00e1scal", "r@sc@l", "rasca\u200bl", CYRILLIC, FULL_WIDTH, "so, rascal."]
)
def test_a_word_is_found_however_it_is_dressed_up(text):
    assert words.find(text, ["Rascal"]) == "Rascal"


@pytest.mark.parametrize("text", ["rascals", "a rasc al", "", "\u200b", "ras-cal"])
def test_only_whole_words_are_found(text):
    assert words.find(text, ["rascal"]) == ""


def test_a_phrase_is_found_over_any_space():
    assert words.find("Buy\n  ch3ap pills now", ["rascal", "cheap pills"]) == "cheap pills"


def test_a_word_of_nothing_but_signs_is_in_no_text():
    assert words.find("!!!", ["!!!", ""]) == ""


@given(text=st.text(max_size=200))
def test_a_text_in_one_spelling_stays_as_it_is(text):
    once = words.folded(text)

    assert words.folded(once) == once


@given(before=st.text(max_size=50), after=st.text(max_size=50), word=st.sampled_from(["rascal", "cheap pills"]))
def test_a_word_is_found_between_any_others(before, after, word):
    assert words.find(f"{before} {word.upper()} {after}", ["x", word]) in ("x", word)


def test_a_comment_with_a_word_that_moderators_look_at_is_held(alice, bread, settings):
    settings.COMMENTS_HELD_WORDS = ["cheap pills"]

    row = services.post_comment(thing=bread, body="Ch3ap pills here", by=alice)

    assert (row.state, row.verdict) == (Comment.State.HELD, "It has a word that moderators look at")


def test_a_word_that_is_not_said_here_is_refused_by_name_and_what_was_typed_is_kept(at_alice, bread, settings):
    settings.COMMENTS_BANNED_WORDS = ["rascal"]

    response = at_alice.post(reverse("comments:new", args=[targets.label_of(bread), bread.pk]), {"body": "You r@scal!"})

    page = response.content.decode()
    assert "“rascal” is not said here. Say it in other words." in page
    assert "You r@scal!" in page
    assert not Comment.objects.exists()


def test_an_edit_cannot_bring_it_in(alice, bread, settings):
    settings.COMMENTS_BANNED_WORDS = ["rascal"]
    row = factories.comment(on=bread, by=alice, body="Nice.")

    with pytest.raises(services.WordRefused):
        services.edit_comment(comment_id=row.pk, body="Rascal.", by=alice)

    row.refresh_from_db()
    assert row.body == "Nice."


@pytest.mark.parametrize(("title", "body"), [("A rascal", "x"), ("x", "A rascal")])
def test_nor_can_a_discussion(at_alice, settings, title, body):
    settings.COMMENTS_BANNED_WORDS = ["rascal"]

    response = at_alice.post(reverse("comments:discussion_new"), {"title": title, "body": body})

    assert "is not said here" in response.content.decode()
    assert not Discussion.objects.exists()
