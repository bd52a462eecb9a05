"""Every form of the hall, pressed twice without a script to hold the second press back: the thing happens once.

`test_double_click.py` has those that need a story of their own. Together they hold every template with a form.
"""

import re
from pathlib import Path

import allauth
import django.contrib.admin
import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import expect

from idempotency.models import Record
from tests import factories, faults
from tests.browser.file_forms import (
    copy_file,
    delete_for_good,
    new_folder,
    other_limits,
    snooze_notice,
    trash_file,
    upload_file,
)
from tests.browser.operator_forms import (
    add_endpoint,
    add_group,
    archive_flag,
    cancel_mail,
    delete_group,
    delete_groups,
    disable_endpoint,
    enable_endpoint,
    end_everybody,
    expire_key,
    kill_flag,
    leave_admin,
    mail_wishes,
    password_by_hand,
    pause_endpoint,
    remove_endpoint,
    revoke_by_action,
    rotate_secrets,
    save_flag,
    save_segment,
    suppress_address,
    try_endpoint,
    undo_change,
    unsubscribe,
)
from tests.browser.own_forms import (
    Visit,
    all_devices,
    change_address,
    change_password,
    confirm_address,
    forgotten_password,
    menu_sign_out,
    new_password,
    new_recovery_codes,
    no_second_factor,
    not_me,
    one_device,
    prove_again,
    second_factor,
    second_factor_again,
    second_factor_at_sign_in,
)
from tests.browser.talk_forms import (
    edit_comment,
    edit_discussion,
    follow_tag,
    hide_discussion,
    hide_in_queue,
    hide_ticked,
    lock_thread,
    new_comment,
    new_discussion,
    new_feed_address,
    no_mails_of_likes,
    react,
    rename_tag,
    report_comment,
    restore_in_log,
    tag_discussion,
    undo_deletion,
    undo_discussion_deletion,
    undo_merge,
)
from tests.quotas.conftest import empty_storage  # noqa: F401
from tests.sessions_app.conftest import sign_in

pytestmark = pytest.mark.django_db(transaction=True)

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
    f"{OWN}/comments/discussion_form.html": new_discussion,
    f"{OWN}/comments/_form.html": new_comment,
    f"{OWN}/comments/comment_edit.html": edit_comment,
    f"{OWN}/comments/_deleted.html": undo_deletion,
    f"{OWN}/comments/report_form.html": report_comment,
    f"{OWN}/comments/queue.html": hide_ticked,
    f"{OWN}/comments/_waiting.html": hide_in_queue,
    f"{OWN}/comments/discussion_detail.html": hide_discussion,
    f"{OWN}/comments/discussion_edit.html": edit_discussion,
    f"{OWN}/comments/discussion_deleted.html": undo_discussion_deletion,
    f"{OWN}/comments/_take_away.html": "takes a file away, and does not count: twice is once (test_attaching.py)",
    f"{OWN}/comments/_thread.html": lock_thread,
    f"{OWN}/comments/log.html": restore_in_log,
    f"{OWN}/comments/feeds.html": new_feed_address,
    f"{OWN}/comments/followed.html": "leaves a thread, and does not count: twice is once (test_following.py)",
    f"{OWN}/comments/_curbs.html": "ends a mute or a limit, and does not count: twice is once (test_people.py)",
    f"{OWN}/comments/appeal_form.html": "one appeal for an act: Postgres refuses a second (test_appeals.py)",
    f"{OWN}/comments/_appeals.html": "what was decided stays: twice is once (test_appeals.py)",
    f"{OWN}/likes/_reactions.html": react,
    f"{OWN}/likes/mine.html": no_mails_of_likes,
    f"{OWN}/tagging/edit.html": tag_discussion,
    f"{OWN}/tagging/tag_detail.html": follow_tag,
    f"{OWN}/admin/tagging/tag/act.html": rename_tag,
    f"{OWN}/admin/tagging/merge/change_form.html": undo_merge,
    f"{OWN}/quotas/file_list.html": (upload_file, new_folder),
    f"{OWN}/quotas/file_detail.html": (copy_file, trash_file),
    f"{OWN}/quotas/trash_list.html": delete_for_good,
    f"{OWN}/quotas/_banner.html": snooze_notice,
    f"{OWN}/admin/quotas/limit_form.html": other_limits,
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
        and place not in {"change_form.html", "change_list.html", "auth/user/change_password.html"}
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
    context = new_context(java_script_enabled=False)
    session = sign_in(olga).cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": session.key, "value": session.value, "url": settings.BASE_URL}])
    page = context.new_page()
    button, count = story(Visit(page, olga, mail_sink))
    before = count()

    def happened():
        # The browser tells where it is only while it is asked something.
        page.wait_for_load_state("networkidle")
        return count() != before

    button.dblclick()
    # The old page is idle until the answer comes: that alone does not say that anything was sent.
    faults.until(happened, "a press has its effect")
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
    expect(page).not_to_have_url(re.compile("/login"))

    page.goto(reverse("sessions_app:devices"))
    assert "/accounts/login" not in page.url
