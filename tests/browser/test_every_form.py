"""Every form of the hall, pressed twice without a script to hold the second press back: the thing happens once.

`test_double_click.py` has those that need a story of their own. Together they hold every template with a form.
"""

import re
from pathlib import Path

import allauth
import django.contrib.admin
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.urls import reverse

from emailqueue import links
from emailqueue.models import MailAct, OptOut
from featureflags import services as flags
from featureflags.models import FlagChange
from idempotency.models import Intervention, Record
from idempotency.services import Answer, Scope, claim, finish
from sessions_app.models import SecurityEvent, Session
from tests import factories, faults
from tests.browser.test_first_day import link_in, sign_in
from tests.emailqueue.conftest import queued
from tests.featureflags.conftest import make
from tests.sessions_app.test_asvs import code_of
from tests.webhooks.conftest import endpoint
from webhooks.models import Delivery, Endpoint, Secret

pytestmark = pytest.mark.django_db(transaction=True)

OTHER_PASSWORD = "quite another one"


class Visit:
    """What a story has: a page at which olga, who may everything, is signed in, and her mail."""

    def __init__(self, page, olga, mails):
        self.page, self.olga, self.mails = page, olga, mails

    def go(self, name, *args):
        self.page.goto(reverse(name, args=args))

    def fill(self, **fields):
        for name, value in fields.items():
            self.page.locator(f"#content [name={name}]:visible, main [name={name}]:visible").first.fill(value)

    def button(self, name):
        return self.page.get_by_role("button", name=name).first

    def submit(self):
        return self.page.locator("main form").first.locator("button[type=submit], button:not([type])").first


def events(kind):
    return lambda: SecurityEvent.objects.filter(kind=kind).count()


def changes():
    return FlagChange.objects.count()


# --- A person's own ---------------------------------------------------------------------------------------


def one_device(visit):
    factories.session(user=visit.olga, token="other")
    visit.go("sessions_app:devices")
    return visit.page.locator("form[action$='/end']:not([action*=others]):not([action*=all]) button").first, events(
        "session_ended"
    )


def all_devices(visit):
    visit.go("sessions_app:devices")
    button = visit.page.locator(f"form[action='{reverse('sessions_app:all_devices_end')}'] button")
    return button, signed_out_everywhere


def signed_out_everywhere():
    return int(not Session.objects.active().filter(user__isnull=False).exists())


def not_me(visit):
    sign_in(visit.page.context.browser.new_context(base_url=settings.BASE_URL).new_page(), visit.olga.email)
    visit.page.goto(link_in(visit.mails.wait_for(to=visit.olga.email, subject="new device")))
    return visit.button("End that sign-in"), events("disowned")


def menu_sign_out(visit):
    visit.page.goto("/")
    visit.page.locator("details:has(form[action$='/logout/']) summary").last.click()
    return visit.page.locator(f"form[action='{reverse('account_logout')}'] button").first, events("signed_out")


def change_password(visit):
    visit.go("account_change_password")
    visit.fill(oldpassword=factories.PASSWORD, password1=OTHER_PASSWORD)
    if visit.page.locator("main [name=password2]").count():
        visit.fill(password2=OTHER_PASSWORD)
    return visit.submit(), events("password_changed")


def change_address(visit):
    visit.go("account_email")
    visit.fill(email="new@example.org")
    return visit.page.locator("main button[name=action_add]"), lambda: sum(
        "new@example.org" in mail["To"] for mail in visit.mails.mails
    )


def confirm_address(visit):
    change_address(visit)[0].click()
    visit.page.goto(link_in(visit.mails.wait_for(to="new@example.org")))
    return visit.submit(), EmailAddress.objects.filter(user=visit.olga, email="new@example.org", verified=True).count


def forgotten_password(visit):
    visit.page.context.clear_cookies()
    visit.go("account_reset_password")
    visit.fill(email=visit.olga.email)
    return visit.submit(), lambda: sum("password/reset" in str(mail.get_body(("plain",))) for mail in visit.mails.mails)


def new_password(visit):
    forgotten_password(visit)[0].click()
    visit.page.wait_for_url("**" + reverse("account_reset_password_done"))
    found = [mail for mail in visit.mails.mails if "password/reset" in mail.get_body(("plain",)).get_content()]
    visit.page.goto(link_in(found[-1] if found else visit.mails.wait_for(to=visit.olga.email, subject="assword")))
    visit.fill(password1=OTHER_PASSWORD)
    if visit.page.locator("main [name=password2]").count():
        visit.fill(password2=OTHER_PASSWORD)
    return visit.submit(), events("password_changed")


def prove_again(visit):
    visit.go("account_reauthenticate")
    visit.fill(password=factories.PASSWORD)
    return visit.submit(), lambda: int("/reauthenticate" not in visit.page.url)


def second_factor(visit):
    visit.go("mfa_activate_totp")
    secret = re.search(r"\b[A-Z2-7]{32}\b", visit.page.content())[0]
    visit.fill(code=code_of(secret))
    return visit.submit(), Authenticator.objects.filter(type="totp").count


def with_second_factor(visit):
    second_factor(visit)[0].click()
    visit.page.wait_for_url(lambda url: "activate" not in url)


def no_second_factor(visit):
    with_second_factor(visit)
    visit.go("mfa_deactivate_totp")
    return visit.submit(), lambda: 1 - Authenticator.objects.filter(type="totp").count()


def new_recovery_codes(visit):
    with_second_factor(visit)
    visit.go("mfa_generate_recovery_codes")
    return visit.submit(), events("mfa_changed")


def second_factor_at_sign_in(visit):
    with_second_factor(visit)
    codes = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    visit.page.context.clear_cookies()
    visit.go("account_login")
    visit.fill(login=visit.olga.email, password=factories.PASSWORD)
    visit.submit().click()
    visit.page.wait_for_url("**" + reverse("mfa_authenticate") + "*")
    visit.fill(code=codes[0])
    return visit.submit(), lambda: 10 - len(Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes())


def second_factor_again(visit):
    with_second_factor(visit)
    codes = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    visit.go("mfa_reauthenticate")
    visit.fill(code=codes[0])
    return visit.submit(), lambda: 10 - len(Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes())


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


OWN, LIBRARY, ADMIN = "templates", "allauth", "admin"
# By the template that holds the form; what is not a function says where it is tested, or why it is none of ours.
FORMS = {
    f"{OWN}/_account_menu.html": menu_sign_out,
    f"{OWN}/sessions_app/device_list.html": (one_device, all_devices),
    f"{OWN}/sessions_app/not_me.html": not_me,
    f"{OWN}/sessions_app/token_list.html": "test_double_click.py",
    f"{OWN}/preferences/appearance.html": "test_double_click.py",
    f"{OWN}/preferences/_theme_control.html": "test_double_click.py",
    f"{OWN}/account/login.html": "test_double_click.py",
    f"{OWN}/account/logout.html": "test_double_click.py",
    f"{OWN}/account/signup.html": "test_double_click.py",
    f"{OWN}/account/password_reset.html": forgotten_password,
    f"{OWN}/account/email_confirm.html": confirm_address,
    f"{OWN}/admin/base.html": leave_admin,
    f"{OWN}/admin/featureflags/_changes.html": undo_change,
    f"{OWN}/admin/featureflags/flag_form.html": (save_flag, kill_flag, archive_flag),
    f"{OWN}/admin/featureflags/segment_form.html": save_segment,
    f"{OWN}/admin/idempotency/record/intervene.html": expire_key,
    f"{OWN}/admin/sessions_app/session/end_everybody.html": end_everybody,
    f"{OWN}/emailqueue/wishes.html": mail_wishes,
    f"{OWN}/emailqueue/unsubscribe.html": unsubscribe,
    f"{OWN}/admin/emailqueue/email_act.html": cancel_mail,
    f"{OWN}/admin/emailqueue/suppression_form.html": suppress_address,
    f"{OWN}/webhooks/endpoint_form.html": add_endpoint,
    f"{OWN}/webhooks/endpoint_detail.html": (
        *(try_endpoint, pause_endpoint, enable_endpoint, rotate_secrets, remove_endpoint),
    ),
    f"{OWN}/webhooks/delivery_detail.html": "sets a delivery due, and does not count: twice is once",
    f"{OWN}/webhooks/range_resend.html": "sets deliveries due, and does not count: twice is once",
    f"{OWN}/admin/webhooks/endpoint/disable.html": disable_endpoint,
    f"{LIBRARY}/account/base_confirm_code.html": "below: a code is one step of a sign-in",
    f"{LIBRARY}/account/request_login_code.html": "below: a code is one step of a sign-in",
    f"{LIBRARY}/account/password_change.html": change_password,
    f"{LIBRARY}/account/email_change.html": change_address,
    f"{LIBRARY}/account/password_reset_from_key.html": new_password,
    f"{LIBRARY}/account/reauthenticate.html": prove_again,
    f"{LIBRARY}/account/email.html": "not shown: ACCOUNT_CHANGE_EMAIL has a page of its own",
    f"{LIBRARY}/account/phone_change.html": "not shown: no telephone numbers",
    f"{LIBRARY}/account/signup_by_passkey.html": "not shown: sign-up is by password",
    f"{LIBRARY}/account/password_set.html": "not shown: everybody has a password",
    f"{LIBRARY}/mfa/totp/activate_form.html": second_factor,
    f"{LIBRARY}/mfa/totp/deactivate_form.html": no_second_factor,
    f"{LIBRARY}/mfa/authenticate.html": second_factor_at_sign_in,
    f"{LIBRARY}/mfa/reauthenticate.html": second_factor_again,
    f"{LIBRARY}/mfa/recovery_codes/generate.html": new_recovery_codes,
    f"{LIBRARY}/mfa/trust.html": "not shown: no trusted browsers",
    f"{LIBRARY}/mfa/webauthn/signup_form.html": "not shown: sign-up is by password",
    f"{LIBRARY}/mfa/webauthn/reauthenticate.html": "sent by a script, after the authenticator's answer, once",
    f"{LIBRARY}/mfa/webauthn/add_form.html": "sent by a script, after the authenticator's answer, once",
    f"{LIBRARY}/mfa/webauthn/snippets/login_script.html": "sent by a script, after the authenticator's answer, once",
    f"{LIBRARY}/mfa/webauthn/edit_form.html": "a name, set and not counted: twice is once",
    f"{LIBRARY}/mfa/webauthn/authenticator_confirm_delete.html": "a key that is gone cannot go again",
    f"{ADMIN}/auth/user/change_password.html": password_by_hand,
    f"{ADMIN}/change_form.html": add_group,
    f"{ADMIN}/change_list.html": revoke_by_action,
    f"{ADMIN}/delete_confirmation.html": delete_group,
    f"{ADMIN}/delete_selected_confirmation.html": delete_groups,
    f"{ADMIN}/login.html": "not shown: one sign-in page for everybody",
}
ROOTS = {
    OWN: Path(settings.BASE_DIR) / "templates",
    LIBRARY: Path(allauth.__file__).parent / "templates",
    ADMIN: Path(django.contrib.admin.__file__).parent / "templates" / "admin",
}
NOT_INSTALLED = ("socialaccount/", "usersessions/", "idp/", "openid/", "headless/")


def templates_with_forms():
    for name, root in ROOTS.items():
        for path in root.rglob("*.html"):
            place = path.relative_to(root).as_posix()
            if 'method="post"' in path.read_text() and not place.startswith(NOT_INSTALLED):
                yield f"{name}/{place}", place


def test_every_template_with_a_form_is_in_the_list():
    found = dict(templates_with_forms())
    replaced = {
        key
        for key, place in found.items()
        if not key.startswith(f"{OWN}/")
        and (ROOTS[OWN] / ("admin/" if key.startswith(f"{ADMIN}/") else "") / place).exists()
        and place not in {"change_form.html", "change_list.html"}
    }

    assert found.keys() - replaced == FORMS.keys()


STORIES = [
    story
    for each in FORMS.values()
    if not isinstance(each, str)
    for story in (each if isinstance(each, tuple) else (each,))
]


@pytest.mark.parametrize("story", STORIES, ids=lambda each: each.__name__)
def test_pressed_twice_it_happens_once(new_context, mail_sink, live_flags, story):
    olga = factories.user(name="olga", superuser=True)
    page = new_context(java_script_enabled=False).new_page()
    sign_in(page, olga.email)
    button, count = story(Visit(page, olga, mail_sink))
    before = count()

    button.dblclick()
    page.wait_for_load_state("networkidle")
    faults.until(lambda: not Record.objects.running().exists(), "the first press comes to its end")

    assert count() == before + 1


def test_a_code_that_is_asked_for_and_given_with_two_presses_is_one_code_and_lets_in(new_context, mail_sink, db):
    alice = factories.user()
    page = new_context().new_page()
    page.goto(reverse("account_request_login_code"))
    page.locator("main input[name=email]").fill(alice.email)
    page.locator("main form button").first.dblclick()
    page.locator("main input[name=code]").wait_for()
    letter = mail_sink.wait_for(to=alice.email).get_body(("plain",)).get_content()
    assert len(mail_sink.mails) == 1
    page.locator("main input[name=code]").fill(
        re.search(r"^\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*$", letter, re.MULTILINE)[1]
    )

    page.locator("main form button").first.dblclick()
    page.wait_for_url(lambda url: "/login" not in url)

    page.goto(reverse("sessions_app:devices"))
    assert "/accounts/login" not in page.url
