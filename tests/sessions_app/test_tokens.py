"""What an API token opens, and for how long."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sessions_app import services
from sessions_app.models import ApiToken
from sessions_app.services import tokens
from tests.races import race

pytestmark = pytest.mark.django_db(transaction=True)


def make(user, *, expires_at=None, scopes=("read",)):
    return services.create_token(user_id=user.pk, name="printer", scopes=list(scopes), expires_at=expires_at)


def test_a_token_opens_for_its_person(alice):
    row, plain = make(alice)

    found = services.authenticate_token(plain=plain)

    assert (found, found.user) == (row, alice)
    assert ApiToken.objects.get().last_used_at


@pytest.mark.parametrize("plain", ["", "gh_", "gh_wrong", "xx_" + "a" * 43, "gh_\0", "gh_\ud800"])
def test_what_was_never_issued_opens_nothing(plain, db):
    assert services.authenticate_token(plain=plain) is None


def test_a_revoked_token_opens_nothing(alice):
    row, plain = make(alice)
    services.revoke_token(token_id=row.pk, by=alice)

    assert services.authenticate_token(plain=plain) is None


def test_an_expired_token_opens_nothing(alice):
    row, plain = make(alice)
    ApiToken.objects.filter(pk=row.pk).update(expires_at=timezone.now() - timedelta(seconds=1))

    assert services.authenticate_token(plain=plain) is None


def test_the_token_of_somebody_deactivated_opens_nothing(alice):
    _, plain = make(alice)
    services.deactivate_user(user_id=alice.pk, by=None)

    assert services.authenticate_token(plain=plain) is None


def test_an_expiry_in_the_past_is_refused(alice):
    with pytest.raises(services.ExpiryInThePast):
        make(alice, expires_at=timezone.now())


def test_a_token_that_may_nothing_is_refused(alice):
    with pytest.raises(services.NoScopes):
        make(alice, scopes=())


def test_two_requests_at_once_cannot_pass_the_limit_of_tokens(alice, monkeypatch):
    monkeypatch.setattr(tokens, "TOKENS_MAX", 1)

    results = race(*[lambda: make(alice)] * 6)

    assert sum(isinstance(result, tuple) for result in results) == 1
    assert sum(isinstance(result, services.TooManyTokens) for result in results) == 5
