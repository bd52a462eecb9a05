"""The home page tells moderators what waits in their queues."""

import pytest

from comments import services
from tests import factories


@pytest.fixture
def at_olga(client, db):
    client.force_login(factories.user(name="olga", superuser=True))
    return client


def test_a_moderator_is_told_what_waits(at_olga, bread, rude, alice, bob):
    services.report_comment(comment_id=rude.pk, reason="rude", note="", by=alice)
    services.report_discussion(discussion_id=bread.pk, reason="spam", note="", by=bob)
    factories.comment(on=bread, by=bob, state="held", verdict="It has a link")

    page = at_olga.get("/").content.decode()

    assert "3 wait for a moderator" in page
    assert "2 reported, 1 held. What waits longest comes first." in page
    assert 'href="/moderation?queue=reported"' in page


def test_nothing_waits_where_nothing_does(at_olga, bread):
    assert "for a moderator" not in at_olga.get("/").content.decode()


def test_nobody_else_is_told(at_alice, bread, rude, bob):
    services.report_discussion(discussion_id=bread.pk, reason="spam", note="", by=bob)

    assert "for a moderator" not in at_alice.get("/").content.decode()
