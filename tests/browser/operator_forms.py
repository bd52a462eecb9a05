"""Stories of the forms of operators, of mail and of webhooks, as those in `own_forms`."""

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group

from emailqueue import links
from emailqueue.models import MailAct, OptOut
from featureflags import services as flags
from idempotency.models import Intervention, Record
from idempotency.services import Answer, Scope, claim, finish
from tests import factories
from tests.browser.own_forms import OTHER_PASSWORD, changes, events, signed_out_everywhere
from tests.emailqueue.conftest import queued
from tests.featureflags.conftest import make
from tests.webhooks.conftest import endpoint
from webhooks.models import Delivery, Endpoint, Secret

# --- An operator's ----------------------------------------------------------------------------------------


def a_flag(visit):
    flag = make("week_grid", by=visit.olga)
    visit.go("admin:featureflags_flag_change", flag.pk)
    return flag


def save_flag(visit):
    a_flag(visit)
    visit.page.get_by_label("Owner").fill("Carol")
    visit.page.get_by_label("Why do you change it?").fill("a test")
    return visit.button("Save"), changes


def kill_flag(visit):
    a_flag(visit)
    visit.page.get_by_role("region", name="Kill switch").get_by_label("Why").fill("a test")
    return visit.button("Kill it"), changes


def archive_flag(visit):
    a_flag(visit)
    visit.page.get_by_label("Why", exact=True).last.fill("a test")
    return visit.button("Archive it"), changes


def undo_change(visit):
    flag = make("week_grid", by=visit.olga)
    flags.kill_flag(key=flag.key, why="a test", by=visit.olga)
    visit.go("admin:featureflags_flag_history", flag.pk)
    visit.page.get_by_text("Undo", exact=True).first.click()
    visit.page.get_by_label("Why").first.fill("a test")
    return visit.button("Undo this change"), changes


def save_segment(visit):
    visit.go("admin:featureflags_segment_add")
    visit.page.get_by_label("Key").fill("keepers")
    visit.page.get_by_label("People").fill("7")
    visit.page.get_by_label("Why").first.fill("a test")
    return visit.button("Save"), changes


def expire_key(visit):
    found = claim(scope=Scope("task", "TASK", "tests", "one"), fingerprint=b"\0" * 32)
    finish(claim=found, answer=Answer(Record.Answer.KEPT, 200))
    visit.go("admin:idempotency_record_intervene", found.record_id, "expire")
    visit.fill(reason="a test")
    return visit.button("Expire it"), Intervention.objects.count


def end_everybody(visit):
    visit.go("admin:sessions_app_session_end_everybody")
    visit.fill(confirmation="end all sessions", reason="a test")
    return visit.button("End every session"), signed_out_everywhere


def password_by_hand(visit):
    bob = factories.user(name="bob")
    visit.go("admin:auth_user_password_change", bob.pk)
    visit.fill(password1=OTHER_PASSWORD, password2=OTHER_PASSWORD)
    return visit.page.locator("#content input[type=submit]").first, lambda: LogEntry.objects.filter(
        object_id=str(bob.pk)
    ).count()


def revoke_by_action(visit):
    factories.api_token(user=visit.olga)
    visit.go("admin:sessions_app_apitoken_changelist")
    visit.page.locator("input.action-select").first.check()
    visit.page.locator("select[name=action]").select_option(index=1)
    return visit.button("Go"), events("token_revoked")


def add_group(visit):
    visit.go("admin:auth_group_add")
    visit.fill(name="keepers")
    return visit.page.locator("input[name=_save]"), Group.objects.count


def delete_group(visit):
    group = Group.objects.create(name="keepers")
    visit.go("admin:auth_group_delete", group.pk)
    return visit.page.locator("#content input[type=submit]"), lambda: 1 - Group.objects.count()


def delete_groups(visit):
    Group.objects.create(name="keepers")
    visit.go("admin:auth_group_changelist")
    visit.page.locator("input.action-select").first.check()
    visit.page.locator("select[name=action]").select_option("delete_selected")
    visit.button("Go").click()
    return visit.page.locator("#content input[type=submit]"), lambda: 1 - Group.objects.count()


def leave_admin(visit):
    visit.page.goto("/admin/")
    return visit.page.locator("#logout-form button"), events("signed_out")


# --- Mail and webhooks ------------------------------------------------------------------------------------


def mail_wishes(visit):
    visit.go("emailqueue:wishes")
    visit.page.locator("main input[name=everything_off]").check()
    return visit.button("Save"), OptOut.objects.count


def unsubscribe(visit):
    token = links.unsubscribe_token(address="bob@example.org", topic="news")
    visit.go("emailqueue:unsubscribe", token)
    return visit.page.locator("main button[name=stop][value=topic]"), OptOut.objects.count


def cancel_mail(visit):
    visit.go("admin:emailqueue_email_act", queued("bob@example.org").pk, "cancel")
    visit.fill(reason="a test")
    return visit.page.locator("#content input[type=submit]"), MailAct.objects.count


def suppress_address(visit):
    visit.go("admin:emailqueue_suppression_by_hand")
    visit.fill(address="bob@example.org", reason="a test")
    return visit.button("Put it on the list"), MailAct.objects.count


def an_endpoint(visit, **fields):
    row = endpoint(visit.olga, "https://hooks.example.org/in")
    Endpoint.objects.filter(pk=row.pk).update(**({"state": row.state} | fields))
    visit.go("webhooks:endpoint", row.pk)
    return row


def in_state(state):
    return Endpoint.objects.filter(state=state).count


def add_endpoint(visit):
    visit.go("webhooks:endpoint_new")
    visit.fill(url="https://hooks.example.org/in")
    return visit.button("Add the endpoint"), Endpoint.objects.count


def try_endpoint(visit):
    an_endpoint(visit)
    return visit.button("Send a test"), Delivery.objects.count


def pause_endpoint(visit):
    an_endpoint(visit)
    return visit.button("Pause"), in_state("paused")


def enable_endpoint(visit):
    an_endpoint(visit, state="paused")
    return visit.button("Enable"), in_state("enabled")


def rotate_secrets(visit):
    an_endpoint(visit)
    return visit.button("Rotate"), Secret.objects.count


def remove_endpoint(visit):
    an_endpoint(visit)
    visit.page.locator("details").evaluate_all("all => all.forEach(each => each.open = true)")
    return visit.button("Remove the endpoint"), Endpoint.objects.exclude(removed_at=None).count


def disable_endpoint(visit):
    visit.go("admin:webhooks_endpoint_disable", an_endpoint(visit).pk)
    visit.fill(reason="a test")
    return visit.button("Disable it"), in_state("disabled")
