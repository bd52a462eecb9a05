"""What code asks, in views, templates and tests, and who a request is to a flag."""

import threading

import pytest
from django.conf import settings as django_settings
from django.http import Http404, HttpResponse
from django.template import Context, Template, TemplateSyntaxError
from django.test import Client, RequestFactory
from django.urls import reverse

import featureflags
from featureflags import services
from featureflags.decisions import context_of
from sessions_app.models import User
from tests.featureflags.conftest import condition, make

pytestmark = pytest.mark.django_db(transaction=True)


def request_of(user=None, **cookies):
    request = RequestFactory().get("/", headers={"accept-language": "pt-PT,pt;q=0.9"})
    request.user, request.device_token = user, cookies.get("device")
    return request


def rendered(template, request=None):
    return Template("{% load featureflags %}" + template).render(Context({"request": request}))


def test_a_person_is_asked_about_by_request_by_row_and_by_context(olga, live_flags):
    make(rules=[{"people": [str(olga.pk)], "serve": "on"}])

    for subject in (request_of(olga), olga, {"targetingKey": str(olga.pk)}):
        assert featureflags.enabled("new_home", subject) is True
    assert featureflags.enabled("new_home", request_of()) is False
    assert featureflags.enabled("new_home") is False


def test_a_request_brings_its_attributes(olga):
    context = context_of(request_of(olga))

    assert context["email"] == "olga@example.org"
    assert (context["staff"], context["language"]) == (True, "pt")
    assert context["joined_at"].startswith("20")


def test_a_value_of_another_type_is_the_default(live_flags):
    make("size", type="number", variants={"a": 30}, off="a", default="a")

    assert featureflags.value("size", default=10) == 30
    assert featureflags.value("size", default="ten") == "ten"
    assert featureflags.enabled("size", default=True) is True
    assert featureflags.variant("size") == "a"
    assert featureflags.value("gone", default=10) == 10
    assert featureflags.variant("gone", default="x") == "x"


def test_whoever_changes_a_value_changes_their_own(live_flags):
    make(type="json", variants={"on": {"columns": ["a"]}, "off": {}}, default="on")

    featureflags.value("new_home")["columns"].append("b")

    assert featureflags.value("new_home") == {"columns": ["a"]}


def test_a_context_that_fails_in_our_hands_is_the_default(live_flags):
    class Broken(dict):
        def get(self, *_):
            raise RuntimeError("broken")

    make(rules=[{"conditions": [condition("a", "equals", 1)], "serve": "on"}])

    found = featureflags.decide("new_home", Broken(a=1))

    assert (found.reason, found.error) == ("ERROR", "GENERAL")
    assert featureflags.enabled("new_home", Broken(a=1), default=True) is True


def test_the_tag_shows_one_of_two(live_flags):
    template = '{% flag "new_home" %}new{% else %}old{% endflag %}'

    assert rendered(template) == "old"
    make(default="on")
    assert rendered(template) == "new"
    assert rendered('{% flag "gone" default=True %}new{% endflag %}') == "new"
    assert rendered('{% flag_value "gone" default="x" as y %}{{ y }}') == "x"


@pytest.mark.parametrize("tag", ["{% flag %}", '{% flag "a" "b" %}', '{% flag "a" else=1 %}'])
def test_the_tag_says_when_it_is_used_wrongly(tag):
    with pytest.raises(TemplateSyntaxError):
        rendered(tag + "{% endflag %}")


def test_a_view_whose_flag_is_off_is_not_there():
    @featureflags.required("new_home")
    def view(request):
        return HttpResponse("here")

    with pytest.raises(Http404):
        view(request_of())
    with featureflags.override_flag("new_home", True):
        assert view(request_of()).content == b"here"


def test_overriding_reaches_other_threads_nests_and_ends():
    seen = []
    with featureflags.override_flag("new_home", True):
        thread = threading.Thread(target=lambda: seen.append(featureflags.enabled("new_home")))
        thread.start()
        thread.join()
        with featureflags.override_flag("new_home", False):
            seen.append(featureflags.enabled("new_home"))
        seen.append(featureflags.enabled("new_home"))

    assert [*seen, featureflags.enabled("new_home")] == [True, False, True, False]


@featureflags.override_flag("new_home", True)
def test_overriding_decorates_a_test():
    assert featureflags.enabled("new_home") is True


# --- A stranger's browser ---------------------------------------------------------------------------------


def test_a_stranger_keeps_a_variant_by_the_device_cookie(live_flags):
    make("signup_open", rules=[{"share": 50_000, "serve": "on"}])
    doors = set()

    for _ in range(12):
        browser = Client()
        first = "Join the hall" in browser.get("/").content.decode()
        again = {"Join the hall" in browser.get("/").content.decode() for _ in range(3)}
        assert django_settings.DEVICE_COOKIE_NAME in browser.cookies
        assert again == {first}
        doors.add(first)

    assert doors == {True, False}


def test_a_stranger_gets_no_cookie_where_nothing_sticks_to_one(live_flags):
    make("signup_open", default="on")
    browser = Client()

    browser.get("/")

    assert django_settings.DEVICE_COOKIE_NAME not in browser.cookies


# --- Sign-up, open or closed ------------------------------------------------------------------------------

JOIN = {"email": "dora@example.org", "password1": "correct horse battery", "display_name": "Dora"}


def test_sign_up_is_open_while_there_is_no_such_flag(live_flags):
    assert Client().get(reverse("account_signup")).status_code == 200
    assert "Join the hall" in Client().get("/").content.decode()


def test_a_closed_door_says_so_and_lets_nobody_in(live_flags):
    make("signup_open", default="on")
    services.kill_flag(key="signup_open", why="full", by=None)

    page = Client().get(reverse("account_signup")).content.decode()
    Client().post(reverse("account_signup"), JOIN)

    assert "Sign-up is closed" in page
    assert not User.objects.exists()
    assert "Join the hall" not in Client().get("/").content.decode()


def test_the_door_opens_again(live_flags):
    make("signup_open", default="on")
    services.kill_flag(key="signup_open", why="full", by=None)
    services.restore_flag(key="signup_open", why="room again", by=None)

    Client().post(reverse("account_signup"), JOIN)

    assert User.objects.get().display_name == "Dora"


def test_a_notice_is_shown_to_those_whom_it_concerns(live_flags, olga):
    variants = {"none": "", "repair": "The <laser> is away."}
    rules = [{"conditions": [condition("staff", "equals", True)], "serve": "repair"}]
    make("home_notice", type="string", variants=variants, off="none", default="none", rules=rules)
    signed_in = Client()
    signed_in.force_login(olga)

    assert "The &lt;laser&gt; is away." in signed_in.get("/").content.decode()
    assert "is away." not in Client().get("/").content.decode()
