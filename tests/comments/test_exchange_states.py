"""What becomes of discussions that moderators looked at when they are carried to another hall."""

import pytest

from comments import services
from comments.models import Act, Comment, Discussion
from tests import factories
from tests.comments.test_exchange import HEAD, NOON, discussion, taken_in, written
from tests.comments.test_upkeep import run


def test_what_moderators_decided_about_discussions_goes_along_and_what_nobody_was_told_stays_untold(
    alice, bob, mona, bread, tmp_path
):
    gone = factories.discussion(by=bob, title="Gone")
    services.act_on_opener(discussion_id=gone.pk, kind="limit", reason="Baits", days=7, by=mona)
    services.open_discussion(title="Soup", body="Salt.", by=bob)
    services.post_comment(thing=bread, body="Pepper.", by=bob)
    services.moderate_discussion(discussion_id=gone.pk, kind="remove", reason="Advertising", by=mona)
    Discussion.objects.filter(pk=factories.discussion(by=alice, title="Withdrawn").pk).update(
        state="deleted", deleted_at=NOON
    )

    def states():
        rows = [*Discussion.objects.exclude(state="deleted"), *Comment.objects.all()]
        return sorted((row.body, row.state, row.verdict, row.is_shadowed) for row in rows)

    before, path = states(), tmp_path / "out.jsonl"
    run("export_comments", path)
    Discussion.objects.all().delete()

    said, faults = taken_in(path)

    assert (said, faults) == ("discussions=3 comments=1 there=0 refused=0", faults)
    assert states() == before
    assert [row[1:] for row in before].count(("held", "Its author is limited", True)) == 2
    assert Act.objects.get(kind="remove", by=None).reason == "Advertising"


@pytest.mark.parametrize(
    "fields", [{"state": "pending"}, {"state": "held"}, {"state": "hidden"}, {"state": 1}, {"verdict": "x" * 201}]
)
def test_a_discussion_in_a_state_that_it_cannot_have_is_refused(db, tmp_path, fields):
    said, faults = taken_in(written(tmp_path, HEAD, discussion(**fields)))

    assert said == "discussions=0 comments=0 there=0 refused=1"
    assert not Discussion.objects.exists()
    assert any("line 2" in fault for fault in faults)
