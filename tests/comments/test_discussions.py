"""The noticeboard: open, read, page; what is refused keeps what was typed; HTML is ours."""

import pytest
from django.db import IntegrityError
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from comments import rendering
from comments.models import BODY_MAX, TITLE_MAX, Discussion
from tests import factories

LIST = "/discussions"
NEW = "/discussions/new"


def test_a_discussion_is_opened_and_read(at_alice):
    response = at_alice.post(NEW, {"title": "Bread", "body": "Bring *flour*."}, follow=True)

    page = response.content.decode()
    assert "<h1>Bread</h1>" in page
    assert "Bring <em>flour</em>." in page
    assert response.redirect_chain == [(Discussion.objects.get().get_absolute_url(), 302)]


def test_the_same_form_opens_one_discussion(at_alice):
    fields = {"title": "Bread", "body": "Flour.", "idempotency_key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}

    answers = [at_alice.post(NEW, fields)["Location"] for _ in range(2)]

    assert answers[0] == answers[1]
    assert Discussion.objects.count() == 1


def test_every_page_of_the_noticeboard_costs_the_same(at_alice, alice, django_assert_num_queries):
    for number in range(35):
        factories.discussion(by=alice, title=f"No. {number}")
    at_alice.get(LIST)

    with django_assert_num_queries(6):
        first = at_alice.get(LIST)
    second = at_alice.get(f"{LIST}?{first.context['older']}")

    titles = [row.title for page in (first, second) for row in page.context["discussions"]]
    assert titles == [f"No. {number}" for number in reversed(range(35))]
    assert second.context["older"] == ""


def test_a_cursor_that_was_made_up_is_refused(at_alice):
    response = at_alice.get(f"{LIST}?cursor=x")

    assert response.status_code == 400


def test_a_discussion_outlives_its_author(at_alice, bob):
    row = factories.discussion(by=bob)

    bob.delete()

    assert "somebody who left" in at_alice.get(row.get_absolute_url()).content.decode()


@pytest.mark.parametrize("path", [LIST, NEW, "/discussions/1"])
def test_a_stranger_is_sent_to_sign_in(client, path):
    response = client.get(path)

    assert response["Location"].startswith(reverse("account_login"))


def test_an_unknown_discussion_is_not_there(at_alice, db):
    assert at_alice.get("/discussions/12").status_code == 404


@pytest.mark.parametrize(("method", "path"), [("post", LIST), ("put", NEW), ("post", "/discussions/1")])
def test_a_wrong_method_is_refused(at_alice, method, path):
    assert getattr(at_alice, method)(path).status_code == 405


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "x" * (TITLE_MAX + 1)),
        ("title", "two\nlines"),
        ("title", "exe.\u202egpj"),
        ("body", ""),
        ("body", " \u200b\u2060 "),
        ("body", "x" * (BODY_MAX + 1)),
        ("body", "a\0b"),
        ("body", "z" + "\u0335" * 9),
        ("body", "\u2066hidden"),
    ],
)
def test_what_cannot_be_taken_is_refused_by_field_and_kept(at_alice, field, value):
    fields = {"title": "Bread", "body": "Flour."} | {field: value}

    response = at_alice.post(NEW, fields)

    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert response.context["form"][field].value() == value
    assert not Discussion.objects.exists()


@pytest.mark.parametrize("field", ["title", "body"])
def test_a_discussion_without_a_word_cannot_be_stored(alice, field):
    with pytest.raises(IntegrityError, match=f"discussion_has_a_{field}"):
        factories.discussion(by=alice, **{field: ""})


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("![x](https://example.org/x.png)", "!<a"),
        ("https://example.org", 'rel="nofollow ugc noopener"'),
        ("~~no~~", "<s>no</s>"),
        ("|a|b|\n|-|-|\n|1|2|", "<td>1</td>"),
        ("# Big", "<h3>Big</h3>"),
        ('[a](https://example.org "t\\" onclick=x")', "onclick=x"),
    ],
)
def test_markdown_becomes_html_of_ours(markdown, html):
    assert html in rendering.render(markdown)


@given(st.text(max_size=300))
def test_no_text_brings_a_tag_or_an_attribute_of_its_own(text):
    html = rendering.render(text)

    assert rendering.nh3.is_html(html) or "<" not in html
    assert rendering.clean(html) == html
