"""Which answers are kept, and what is never kept of them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from idempotency.models import Record
from idempotency.services import upkeep
from tests.idempotency.hall import effects
from tests.idempotency.test_table import ask

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("code", [200, 201, 202, 204, 301, 302, 303, 404, 405, 410, 413, 415])
def test_success_redirects_and_permanent_refusals_are_kept(at_alices, key, code):
    first = ask(at_alices, f"/status/{code}", key)
    again = ask(at_alices, f"/status/{code}", key)

    assert (again.status_code, again.content) == (code, first.content)
    assert again["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("code", [400, 401, 403, 409, 422, 429, 500, 503])
def test_what_can_be_mended_or_passes_by_itself_is_not_kept(at_alices, key, code):
    first = ask(at_alices, f"/status/{code}", key)
    again = ask(at_alices, f"/status/{code}", key)

    assert (again.status_code, again.content != first.content) == (code, True)
    assert not Record.objects.exists()


@pytest.mark.parametrize("code", [409, 422, 429])
def test_a_refusal_under_a_lock_that_changed_nothing_is_not_kept(at_alices, key, code):
    first = ask(at_alices, f"/lock-status/{code}", key)
    again = ask(at_alices, f"/lock-status/{code}", key)

    assert (again.status_code, again.content != first.content) == (code, True)
    assert not Record.objects.exists()


@pytest.mark.parametrize("code", [400, 409, 500])
def test_after_an_effect_every_answer_is_kept(at_alices, key, code):
    first = ask(at_alices, f"/effect-status/{code}", key)
    again = ask(at_alices, f"/effect-status/{code}", key)

    assert (again.status_code, again.content) == (code, first.content)
    assert effects() == 1


def test_what_raised_before_an_effect_may_be_tried_again(at_alices, key):
    answers = [ask(at_alices, "/raises/before", key) for _ in "12"]

    assert [each.status_code for each in answers] == [500, 500]
    assert not Record.objects.exists()


def test_what_raised_after_an_effect_stays_failed_and_has_no_second_effect(at_alices, key):
    first, again = (ask(at_alices, "/raises/after", key) for _ in "12")

    assert (first.status_code, again.status_code) == (500, 500)
    assert again.json()["title"] == "Failed after it had begun"
    assert effects() == 1


def test_a_404_that_was_raised_is_kept_as_its_page(at_alices, key):
    first, again = (ask(at_alices, "/raises/404", key) for _ in "12")

    assert (first.status_code, again.status_code, again.content) == (404, 404, first.content)
    assert again["Idempotent-Replayed"] == "true"


def test_a_cookie_is_never_kept(at_alices, key):
    first = ask(at_alices, "/strict", key)
    again = ask(at_alices, "/strict", key)

    assert "secret" in first.cookies
    assert "secret" not in again.cookies
    assert "of the first answer" not in str(Record.objects.values().get())


def test_an_answer_above_the_cap_is_told_and_not_kept(at_alices, key):
    ask(at_alices, "/large", key)

    again = ask(at_alices, "/large", key)

    assert (again.status_code, again.json()["title"]) == (200, "Done already")
    assert Record.objects.get().body is None
    assert effects() == 1


def test_a_key_is_new_again_after_a_day(at_alices, key):
    first = ask(at_alices, "/strict", key)
    Record.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    later = ask(at_alices, "/strict", key, body={"amount": 7})

    assert (later.status_code, later.content != first.content) == (201, True)
    assert effects() == 2


def test_records_are_kept_for_a_day_and_purged_in_batches(at_alices):
    for number in range(5):
        ask(at_alices, "/strict", f"key-{number}")
    kept = Record.objects.first()
    assert timedelta(hours=23) < kept.expires_at - kept.created_at < timedelta(hours=25)
    Record.objects.exclude(pk=kept.pk).update(expires_at=timezone.now() - timedelta(seconds=1))

    assert upkeep.purge_expired(limit=3, batch=2) == 3
    assert upkeep.purge_expired(batch=2) == 1
    assert Record.objects.get() == kept
