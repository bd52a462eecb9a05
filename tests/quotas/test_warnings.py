"""Levels that are told once, limits that end, and small pictures of images."""

import io
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone
from PIL import Image

from quotas import delivery
from quotas.models import Account, Notice, Override, Version
from quotas.services import files, limits, uploads
from tests.quotas.conftest import account, limit, stored
from tests.races import race

pytestmark = pytest.mark.django_db(transaction=True)


# --- Warnings ---------------------------------------------------------------------------------------------


def mails():
    delivery.mail_notices()
    return [each.subject.partition(" · ")[0] for each in mail.outbox]


def test_each_level_is_told_once(alice):
    limit(alice, 100)
    for size, name in ((70, "a"), (1, "b"), (14, "c"), (10, "d"), (5, "e")):
        stored(alice, size, name=name)
        mails()

    assert mails() == [f"Your storage is {level} % full" for level in (70, 85, 95)] + ["Your storage is full"]


def test_of_several_levels_passed_at_once_the_highest_is_mailed(alice):
    limit(alice, 100)
    stored(alice, 96)

    assert mails() == ["Your storage is 95 % full"]
    assert Notice.objects.standing().count() == 3


def test_a_level_is_told_again_only_after_use_fell_below_it(alice):
    limit(alice, 100)
    first = stored(alice, 72, name="a")
    mails()
    second = stored(alice, 1, name="b")
    files.delete_file(file_id=second.pk, user_id=alice.pk)
    stored(alice, 1, name="b")
    assert len(mails()) == 1

    files.delete_file(file_id=first.pk, user_id=alice.pk)
    stored(alice, 72, name="c")

    assert len(mails()) == 2


def test_two_sweeps_at_once_mail_once(alice):
    limit(alice, 100)
    stored(alice, 72)

    race(delivery.mail_notices, delivery.mail_notices)

    assert len(mail.outbox) == 1


def test_states_follow_use(alice):
    limit(alice, 100)
    seen = []
    for size in (69, 1, 25, 5):
        stored(alice, size, name=str(size))
        seen.append(account(alice).state)

    assert seen == ["normal", "near", "critical", "over"]


def test_an_override_that_ended_has_ended(alice):
    limits.grant_override(
        user_id=alice.pk,
        resource="storage",
        hard=10**12,
        by=None,
        reason="a fair",
        ends_at=timezone.now() + timedelta(minutes=1),
    )
    stored(alice, 1)
    assert account(alice).hard == 10**12

    Override.objects.update(ends_at=timezone.now())
    Account.objects.filter(limits_end_at__isnull=False).update(limits_end_at=timezone.now())
    limits.renew_due_limits()

    assert account(alice).hard == 5_000_000_000


def test_a_purchase_adds_to_the_plan(alice):
    stored(alice, 1)
    limits.add_purchase(user_id=alice.pk, resource="storage", amount=1000, by=None, reason="bought")

    assert account(alice).hard == 5_000_001_000


# --- Pictures ---------------------------------------------------------------------------------------------


def test_a_picture_gets_a_small_one_and_what_only_looks_like_one_none(alice):
    out = io.BytesIO()
    Image.new("RGB", (900, 300), (29, 92, 74)).save(out, "PNG")
    good = uploads.store(user_id=alice.pk, name="a.png", size=out.tell(), stream=io.BytesIO(out.getvalue()))
    stored(alice, 10, name="b.png")

    assert delivery.draw_pictures() == 1

    assert Version.objects.get(pk=good.current_id).picture == "made"
    assert Version.objects.get(file__name="b.png").picture == "failed"


def test_a_picture_of_too_many_pixels_is_not_unpacked(alice, monkeypatch):
    monkeypatch.setattr(delivery, "MOST_PIXELS", 100)
    out = io.BytesIO()
    Image.new("RGB", (20, 20)).save(out, "PNG")
    uploads.store(user_id=alice.pk, name="a.png", size=out.tell(), stream=io.BytesIO(out.getvalue()))

    assert delivery.draw_pictures() == 0
    assert Version.objects.get().picture == "failed"
