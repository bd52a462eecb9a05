"""Every address of the running project is for people who are signed in, or on a written list."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path, resolve, reverse

from tests.conventions.pages import PUBLIC
from tests.conventions.source import LEVEL

# What libraries show to strangers: the ways in, and the way back in.
PUBLIC_OF_LIBRARIES = {
    *("account_login", "account_logout", "account_signup", "account_inactive", "admin:login"),
    *("account_email_verification_sent", "account_confirm_email"),
    *("account_request_login_code", "account_confirm_login_code", "mfa_authenticate", "mfa_login_webauthn"),
    *("account_reset_password", "account_reset_password_done"),
    *("account_reset_password_from_key", "account_reset_password_from_key_done"),
}
SAMPLES = {"IntConverter": 1, "UUIDConverter": "00000000-0000-4000-8000-000000000000"}


class Address(NamedTuple):
    name: str
    view: str
    public: bool
    sample: str | None

    @property
    def is_ours(self) -> bool:
        return self.view.split(".")[0] in LEVEL


def addresses(resolver: URLResolver, namespace: str = "") -> Iterator[Address]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver) and pattern.namespace == "api":
            continue  # its operations ask for themselves: tests/conventions/test_api.py
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from addresses(pattern, inner)
        else:
            view = pattern.callback
            name = f"{namespace}{pattern.name}" if pattern.name else ""
            public = not getattr(view, "login_required", True)
            yield Address(name, f"{view.__module__}.{view.__name__}", public, _sample(pattern, name))


def _sample(pattern: URLPattern, name: str) -> str | None:
    """Return an address that this pattern answers, when its converters say what may stand there."""
    if not name or pattern.callback.__module__.split(".")[0] not in LEVEL:
        return None
    converters: dict[str, Any] = pattern.pattern.converters
    return reverse(name, kwargs={key: SAMPLES.get(type(each).__name__, "x") for key, each in converters.items()})


def open_to_strangers(found: list[Address]) -> list[str]:
    """Return the public addresses that no list names."""
    return [
        f"{each.name or each.view} is public and on no list"
        for each in found
        if each.public and (each.view not in PUBLIC if each.is_ours else each.name not in PUBLIC_OF_LIBRARIES)
    ]


def test_every_public_address_is_on_a_list() -> None:
    found = list(addresses(get_resolver()))

    assert len([each for each in found if each.is_ours]) > 5
    assert open_to_strangers(found) == []


def test_the_list_names_only_what_is_public() -> None:
    public = {each.name for each in addresses(get_resolver()) if each.public}

    assert public >= PUBLIC_OF_LIBRARIES


def test_an_unlisted_public_address_is_caught() -> None:
    @login_not_required
    def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    page.__module__ = "bookings.views"
    found = list(addresses(SimpleNamespace(url_patterns=[path("page", page)])))

    assert open_to_strangers(found) == ["bookings.views.page is public and on no list"]


def test_every_address_of_ours_has_a_name() -> None:
    assert [each.view for each in addresses(get_resolver()) if each.is_ours and not each.name] == []


@pytest.mark.django_db
def test_a_stranger_is_sent_to_sign_in(client: Client) -> None:
    private = [each for each in addresses(get_resolver()) if each.is_ours and each.sample and not each.public]
    assert private

    let_in = {each.name for each in private if _sign_in_page(client.get(each.sample)) != "account_login"}

    assert let_in == set()


def _sign_in_page(response: HttpResponse) -> str:
    return resolve(response["Location"].partition("?")[0]).url_name if response.status_code == 302 else ""
