"""Who may look at flags, change them, kill them."""

import pytest
from django.test import Client
from django.urls import reverse

from featureflags.models import Flag, FlagChange
from tests import factories
from tests.featureflags.conftest import act, fields_of, make, page_of, staff_with, text_of

pytestmark = pytest.mark.django_db(transaction=True)
LIST = reverse("admin:featureflags_flag_changelist")


def test_members_find_no_way_in(db):
    flag = make()
    browser = Client()
    browser.force_login(factories.user(name="mallory"))

    for page in (LIST, page_of(flag), reverse("admin:featureflags_flag_explain", args=[flag.pk])):
        assert browser.get(page).status_code == 302
    act(browser, flag, "kill")
    assert Flag.objects.get().killed_at is None


def test_who_may_look_may_not_change(db):
    flag = make()
    browser = staff_with("view_flag")
    fields = fields_of(browser, page_of(flag)) | {"why": "try", "owner": "Bob"}

    assert browser.get(page_of(flag)).status_code == 200
    assert browser.get(reverse("admin:featureflags_flag_add")).status_code == 403
    assert browser.post(page_of(flag), fields).status_code == 403
    assert act(browser, flag, "kill").status_code == 403
    assert act(browser, flag, "archive").status_code == 403
    change = FlagChange.objects.get()
    assert browser.post(reverse("admin:featureflags_flag_undo", args=[change.pk]), {"why": "x"}).status_code == 403
    assert Flag.objects.get().version == 1


def test_who_may_kill_may_only_kill(db):
    flag = make()
    browser = staff_with("view_flag", "kill_flag")

    assert act(browser, flag, "kill").status_code == 200
    assert act(browser, flag, "archive").status_code == 403
    assert Flag.objects.get().killed_at


def test_acts_are_posts_and_unknown_flags_are_not_there(operator):
    flag = make()

    assert operator.get(reverse("admin:featureflags_flag_act", args=[flag.pk, "kill"])).status_code == 405
    assert operator.get(reverse("admin:featureflags_flag_undo", args=[1])).status_code == 405
    for page in ("99999", "0", "x", "9" * 40):
        assert operator.get(f"{LIST}{page}/change/").status_code == 404
        assert operator.get(f"{LIST}{page}/history/").status_code == 404
    assert operator.get(reverse("admin:featureflags_flag_explain", args=[99999])).status_code == 404
    assert act(operator, flag, "dance").status_code == 404


def test_the_operations_page_shows_flags(operator):
    make(killed=True)

    page = text_of(operator.get(reverse("admin:operations")))

    assert "Feature flags" in page
    assert "could not be read" not in page
