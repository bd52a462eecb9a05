"""Flags of these tests, and who changes them."""

import pytest

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
