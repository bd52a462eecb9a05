"""Every address and operation that changes something is done once for its key, or is on a list with a reason."""

import gc
from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver, path
from ninja.operation import Operation

from config.once import EXEMPT, POLICIES
from idempotency.requests import UNSAFE
from idempotency.routes import guarded
from lib.streams import KINDS
from tests.conventions.source import LEVEL


def named_views(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from named_views(pattern, inner)
        else:
            yield f"{namespace}{pattern.name or ''}", pattern


# Views that hold operations, each of which has keys of its own, as the last test sees.
OPERATIONS = "api:"


def test_every_view_is_guarded_or_exempt_with_a_reason() -> None:
    found = {name: pattern for name, pattern in named_views(get_resolver()) if not name.startswith(OPERATIONS)}

    bare = {name for name, pattern in found.items() if not hasattr(pattern.callback, "idempotency")}

    assert len(found) > 40
    assert bare - set(EXEMPT) == set()
    assert all(len(reason) > 20 for reason in EXEMPT.values())


def test_the_lists_name_only_what_is_there() -> None:
    names = {name for name, _ in named_views(get_resolver())}

    assert set(EXEMPT) - names == set()
    assert {name for name in POLICIES if not name.endswith(":")} - names == set()
    assert not set(EXEMPT) & set(POLICIES)


def test_an_address_that_is_laid_outside_of_the_guard_is_seen() -> None:
    outside = path("outside", lambda request: None, name="outside")
    inside = path("inside", lambda request: None, name="inside")
    exempt = path("exempt", lambda request: None, name="exempt")

    guarded([inside, exempt], policies={}, exempt={"exempt": "for the test"})

    assert [hasattr(each.callback, "idempotency") for each in (outside, inside, exempt)] == [False, True, False]


def test_every_operation_of_the_api_that_changes_something_is_guarded() -> None:
    get_resolver().url_patterns  # noqa: B018  (loads whatever holds operations)
    ours = [
        each
        for each in gc.get_objects()
        if issubclass(type(each), Operation) and each.view_func.__module__.split(".")[0] in LEVEL
    ]

    bare = {
        f"{each.view_func.__module__}.{each.view_func.__name__}"
        for each in ours
        if UNSAFE & set(each.methods) and not hasattr(each.view_func, "idempotency")
        # One that reads its own body has a fence of its own.
        if not hasattr(each.view_func, KINDS)
    }

    assert bare == set()
