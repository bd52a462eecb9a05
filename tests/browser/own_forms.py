"""Stories of a person's own forms: each goes to one, fills it in, and returns its button and what to count."""

import re

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.urls import reverse

from emailqueue.models import Email, EmailRecipient
from featureflags.models import FlagChange
from sessions_app.models import SecurityEvent, Session
from tests import factories
from tests.browser.test_first_day import link_in, sign_in
from tests.sessions_app.test_asvs import code_of

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
    return visit.page.locator("main button[name=action_add]"), EmailRecipient.objects.filter(
        address="new@example.org"
    ).count


def confirm_address(visit):
    change_address(visit)[0].click()
    visit.page.goto(link_in(visit.mails.wait_for(to="new@example.org")))
    return visit.submit(), EmailAddress.objects.filter(user=visit.olga, email="new@example.org", verified=True).count


def forgotten_password(visit):
    visit.page.context.clear_cookies()
    visit.go("account_reset_password")
    visit.fill(email=visit.olga.email)
    return visit.submit(), Email.objects.filter(text__contains="password/reset").count


def new_password(visit):
    forgotten_password(visit)[0].click()
    visit.page.wait_for_url("**" + reverse("account_reset_password_done"))
    visit.page.goto(link_in(visit.mails.wait_for(to=visit.olga.email, subject="Choose a new password")))
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
