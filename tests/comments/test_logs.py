"""What moderators did can be read by all where the setting says so, and names nobody."""

import pytest
from django.urls import reverse

from comments import services
from comments.models import Act
from tests import factories

PUBLIC = "comments:public_log"


@pytest.fixture
def acts(alice, bob, mona, bread):
    rude = factories.comment(on=bread, by=bob)
    answer = factories.comment(under=rude, by=alice)
    services.moderate_comment(comment_id=rude.pk, kind="hide", reason="Rude words", by=mona)
    services.act_on_author(comment_id=rude.pk, kind="warn", reason="Secret warning", days=None, by=mona)
    services.act_on_thread(thread_id=rude.thread_id, kind="lock", reason="Enough for today", by=mona)
    return answer


def test_everybody_reads_what_was_done_and_why(at_alice, acts, bread, settings):
    settings.COMMENTS_PUBLIC_LOG = True

    page = at_alice.get(reverse(PUBLIC)).content.decode()

    assert "Rude words" in page
    assert "Enough for today" in page
    assert bread.get_absolute_url() in page
    assert reverse(PUBLIC) in at_alice.get(reverse("comments:discussions")).content.decode()


def test_it_names_neither_the_moderator_nor_whom_it_was_about(at_alice, acts, settings):
    settings.COMMENTS_PUBLIC_LOG = True

    page = at_alice.get(reverse(PUBLIC)).content.decode()

    assert "Mona" not in page
    assert "Bob" not in page
    assert "Secret warning" not in page


def test_without_the_setting_it_is_not_there(at_alice, acts):
    assert at_alice.get(reverse(PUBLIC)).status_code == 404
    assert reverse(PUBLIC) not in at_alice.get(reverse("comments:discussions")).content.decode()


def test_a_stranger_signs_in_first_and_nobody_posts_there(client, at_alice, settings, db):
    settings.COMMENTS_PUBLIC_LOG = True

    assert at_alice.post(reverse(PUBLIC)).status_code == 405
    client.logout()
    assert client.get(reverse(PUBLIC)).status_code == 302


def test_pages_of_it_walk_on_and_a_cursor_of_another_list_is_refused(at_alice, bread, mona, settings):
    settings.COMMENTS_PUBLIC_LOG = True
    thread = factories.comment(on=bread, by=mona).thread
    Act.objects.bulk_create([Act(thread=thread, kind="lock", reason=f"No. {number}.") for number in range(70)])

    first = at_alice.get(reverse(PUBLIC))
    second = at_alice.get(f"{reverse(PUBLIC)}?{first.context['older']}")

    said = first.content.decode() + second.content.decode()
    assert all(f"No. {number}." in said for number in range(25, 70))
    assert at_alice.get(f"{reverse(PUBLIC)}?cursor=x").status_code == 400


def test_its_queries_do_not_grow(at_alice, bread, mona, settings, django_assert_num_queries):
    settings.COMMENTS_PUBLIC_LOG = True
    thread = factories.comment(on=bread, by=mona).thread
    Act.objects.bulk_create([Act(thread=thread, kind="lock", reason=f"No. {number}.") for number in range(20)])
    at_alice.get(reverse(PUBLIC))

    with django_assert_num_queries(4):
        at_alice.get(reverse(PUBLIC))
