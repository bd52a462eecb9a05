"""The people of these tests, and how they read a page."""

import pytest

from preferences.themes import Theme
from tests import factories

PAGE = "/settings/appearance"
CONTROL = "/settings/theme"
CHOICE = {
    "mode": "dark",
    "light_theme": "paper",
    "dark_theme": "dimmed",
    "motion": "reduced",
    "version": "0",
    "device_mode": "",
    "time_zone": "Europe/Lisbon",
    "week_start": "7",
    "clock": "12",
}


def html_of(response):
    text = response.content.decode()
    return text[text.index("<html") : text.index(">", text.index("<html"))]


def theme_at(client, path="/"):
    tag = html_of(client.get(path))
    return Theme(
        *[tag.split(f'{name}="')[1].split('"')[0] for name in ("data-theme", "light-theme", "dark-theme", "motion")]
    )


def version_at(client):
    return client.get(PAGE).context["form"]["version"].value()


@pytest.fixture
def alice(db):
    return factories.user(name="alice")


@pytest.fixture
def mallory(db):
    return factories.user(name="mallory")
