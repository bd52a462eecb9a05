"""Stories of the forms of talk, tags and likes, as those in `own_forms`."""

from comments import services
from comments.models import Act, Comment, Discussion, FeedKey, Report, Revision
from likes.models import Notice, Reaction
from tagging import services as tags
from tagging.models import Tag, TagChange, TagFollow, Tagging
from tests import factories
from tests.comments.conftest import LONG_AGO

# --- Comments ---------------------------------------------------------------------------------------------


def a_discussion(visit, by=None):
    row = factories.discussion(by=by or visit.olga)
    visit.page.goto(row.get_absolute_url())
    return row


def a_comment(visit, by=None):
    return factories.comment(on=factories.discussion(by=visit.olga), by=by or factories.user(name="bob"))


def new_discussion(visit):
    visit.go("comments:discussion_new")
    visit.fill(title="Bread on Mondays", body="Bring flour.")
    return visit.button("Put it on the noticeboard"), Discussion.objects.count


def new_comment(visit):
    a_discussion(visit)
    visit.fill(body="I bring salt.")
    return visit.button("Post"), Comment.objects.count


def edit_comment(visit):
    row = factories.comment(on=factories.discussion(by=visit.olga), by=visit.olga, created_at=LONG_AGO)
    visit.go("comments:edit", row.pk)
    visit.fill(body="I bring pepper.")
    return visit.button("Save"), Revision.objects.count


def undo_deletion(visit):
    row = a_comment(visit, by=visit.olga)
    factories.comment(under=row, by=visit.olga)
    visit.page.goto(row.thread.thing.get_absolute_url())
    visit.page.locator(f"#comment-{row.pk} form[action$='/deletion'] button").first.evaluate("it => it.form.submit()")
    visit.button("Undo").wait_for()
    return visit.button("Undo"), Comment.objects.visible().count


def report_comment(visit):
    visit.go("comments:report", a_comment(visit).pk)
    visit.page.get_by_label("It is rude").check()
    return visit.button("Report it"), Report.objects.count


def hide_in_queue(visit):
    services.report_comment(comment_id=a_comment(visit).pk, reason="rude", note="", by=visit.olga)
    visit.go("comments:queue")
    return visit.button("Hide"), Act.objects.count


def hide_ticked(visit):
    services.report_comment(comment_id=a_comment(visit).pk, reason="rude", note="", by=visit.olga)
    visit.go("comments:queue")
    visit.page.get_by_role("checkbox").first.check()
    visit.page.locator("#batch input[name=reason]").fill("a test")
    return visit.page.locator("#batch button[value=hide]"), Act.objects.count


def edit_discussion(visit):
    row = factories.discussion(by=visit.olga)
    Discussion.objects.filter(pk=row.pk).update(created_at=LONG_AGO)
    visit.go("comments:discussion_edit", row.pk)
    visit.fill(body="Bring rye.")
    return visit.button("Save"), Revision.objects.count


def undo_discussion_deletion(visit):
    a_discussion(visit)
    visit.button("Delete").click()
    visit.button("Undo").wait_for()
    return visit.button("Undo"), Discussion.objects.visible().count


def hide_discussion(visit):
    a_discussion(visit, by=factories.user(name="bob"))
    visit.page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
    visit.page.locator("form[action$='/acts'] input[name=reason]").first.fill("a test")
    return visit.button("Hide"), Act.objects.count


def lock_thread(visit):
    visit.page.goto(a_comment(visit).thread.thing.get_absolute_url())
    visit.page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
    visit.page.locator("form[action^='/threads/'] input[name=reason]").fill("a test")
    return visit.button("Lock"), Act.objects.count


def restore_in_log(visit):
    row = a_comment(visit)
    services.moderate_comment(comment_id=row.pk, kind=Act.Kind.HIDE, reason="a test", by=visit.olga)
    visit.go("comments:log")
    return visit.button("Restore"), Act.objects.count


# --- Likes ------------------------------------------------------------------------------------------------


def react(visit):
    a_discussion(visit, by=factories.user(name="bob"))
    return visit.page.locator("main form.reactions button[name=kind]").first, Reaction.objects.count


def no_mails_of_likes(visit):
    visit.go("likes:mine")
    return visit.page.locator("button[name=mails]"), Notice.objects.exclude(muted_at=None).count


# --- Tags -------------------------------------------------------------------------------------------------


def a_tag(visit):
    tags.set_tags(thing=factories.discussion(by=visit.olga), names=["bread"], by=visit.olga)
    return Tag.objects.get(name="bread")


def tag_discussion(visit):
    row = a_discussion(visit)
    visit.go("tagging:edit", "comments.discussion", row.pk)
    visit.fill(tags="bread")
    return visit.button("Save"), Tagging.objects.count


def follow_tag(visit):
    visit.go("tagging:tag", a_tag(visit).name)
    return visit.button("Follow"), TagFollow.objects.count


def rename_tag(visit):
    visit.go("admin:tagging_tag_act", a_tag(visit).pk, "rename")
    visit.fill(name="loaves", reason="a test")
    return visit.page.locator("#content input[type=submit]"), TagChange.objects.count


def undo_merge(visit):
    source = a_tag(visit)
    tags.set_tags(thing=factories.discussion(by=visit.olga), names=["loaf"], by=visit.olga)
    target = Tag.objects.get(name="loaf")
    row = tags.begin_merge(source_id=source.pk, target_id=target.pk, by=visit.olga, reason="a test")
    tags.finish_merge(merge_id=row.pk)
    visit.go("admin:tagging_merge_change", row.pk)
    return visit.page.locator("input[value='Undo this merge']"), TagChange.objects.count


def new_feed_address(visit):
    visit.go("comments:feeds")
    return visit.submit(), lambda: sum(FeedKey.objects.values_list("version", flat=True))
