import pytest

from tagging import services
from tagging.models import Tag
from tests import factories


@pytest.fixture
def alice(db):
    return factories.user(name="alice")


@pytest.fixture
def bob(db):
    return factories.user(name="bob")


@pytest.fixture
def bread(alice):
    """Alice's discussion."""
    return factories.discussion(by=alice)


@pytest.fixture
def at_alice(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def tagged(alice):
    """Make a discussion with these tags."""

    def make(*names, title=""):
        thing = factories.discussion(by=alice, title=title or " ".join(names) or "none")
        services.set_tags(thing=thing, names=names, by=alice)
        return thing

    return make


@pytest.fixture
def tag(alice, tagged):
    """Return the tag of this name, which is made when it is not there."""

    def find(name):
        row = Tag.objects.filter(name=name).first()
        if row is None:
            tagged(name)
        return Tag.objects.get(name=name)

    return find
