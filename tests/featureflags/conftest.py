"""Flags of these tests, and who changes them."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from featureflags import services
from featureflags.evaluation import definitions, engine
from tests import factories

ON_OFF = {"on": True, "off": False}
NOW = 1_800_000_000.0


def plain(key="new_home", *, rules=(), **fields):
    """Return a boolean flag that is off unless a rule says otherwise."""
    return definitions.flag(
        {"key": key, "type": "boolean", "variants": ON_OFF, "off": "off", "default": "off", "rules": list(rules)}
        | fields
    )


def compiled(*flags, segments=(), killed=()):
    normal = [definitions.segment(each) for each in segments]
    return engine.compile_flags([(flag, flag["key"] in killed) for flag in flags], normal)


def decided(flags, context, key="new_home", now=NOW):
    return engine.evaluate(flags, key, context, now)


def condition(attribute, operator, value, *, negate=False):
    return {"attribute": attribute, "operator": operator, "value": value, "negate": negate}


def make(key="new_home", *, by=None, why="a test", version=None, **fields):
    """Store a boolean flag through the service."""
    state = {"key": key, "type": "boolean", "variants": ON_OFF, "off": "off", "default": "off"} | fields
    return services.change_flag(state=state, version=version, why=why, by=by)


@pytest.fixture
def olga(db):
    return factories.user(name="olga", superuser=True)


# --- The operators' pages ----------------------------------------------------------------------------------


@pytest.fixture
def operator(olga):
    browser = Client()
    browser.force_login(olga)
    return browser


def staff_with(*rights):
    user = factories.user(name="bob", staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    browser = Client()
    browser.force_login(user)
    return browser


def page_of(flag):
    return reverse("admin:featureflags_flag_change", args=[flag.pk])


def fields_of(browser, page):
    """Return what a browser would post if nothing on the page were touched."""
    context = browser.get(page).context
    rules = context["rules"]
    found = {}
    for form in (context["form"], rules.management_form, *rules.forms):
        for field in form:
            value = field.value()
            if field.field.widget.__class__.__name__ == "CheckboxInput":
                found |= {field.html_name: "on"} if value else {}
            else:
                shown = field.field.widget.format_value(value)
                found[field.html_name] = "" if shown is None else shown
    return found


def text_of(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def act(browser, flag, name, why="it burns"):
    return browser.post(reverse("admin:featureflags_flag_act", args=[flag.pk, name]), {"why": why}, follow=True)
