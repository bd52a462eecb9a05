"""Attaching: only to what takes files, and never what is being deleted at that moment."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, transaction

from quotas import services
from quotas.models import Attachment, StoredFile, Version
from quotas.services import files, uploads
from tests import factories
from tests.races import Gate, held, race

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def plan(alice):
    return uploads.store(user_id=alice.pk, name="plan.txt", size=3, stream=io.BytesIO(b"A B"))


def attach(plan, target, by):
    with transaction.atomic(durable=True):
        services.attach_files(file_ids=[plan.pk], target=target, by=by)


def test_what_takes_no_files_gets_none(alice, plan):
    with pytest.raises(services.NotAttachable):
        attach(plan, alice, alice)


def test_attached_twice_it_is_there_once(alice, plan):
    bread = factories.discussion(by=alice)

    for _ in range(2):
        attach(plan, bread, alice)

    assert Attachment.objects.count() == 1


def send(user, name="plan.txt"):
    return services.store_sent(sent=[SimpleUploadedFile(name, b"A B C")], by=user)


def test_what_a_form_sends_is_a_file_of_its_own(alice, plan):
    send(alice)

    assert set(StoredFile.objects.values_list("name", flat=True)) == {"plan.txt", "plan (2).txt"}
    assert plan.versions.count() == 1


def test_four_of_one_name_at_once_are_four_files(alice):
    results = race(*[lambda: send(alice)] * 4)

    assert len({pk for (pk,) in results}) == 4
    names = set(StoredFile.objects.values_list("name", flat=True))
    assert names == {"plan.txt", "plan (2).txt", "plan (3).txt", "plan (4).txt"}
    assert Version.objects.count() == 4


def test_what_is_in_the_trash_cannot_be_attached(alice, plan):
    files.trash_file(file_id=plan.pk, user_id=alice.pk)

    with pytest.raises(services.NotThere):
        attach(plan, factories.discussion(by=alice), alice)


def test_a_file_cannot_be_deleted_between_being_found_and_being_attached(alice, plan):
    bread = factories.discussion(by=alice)

    with (
        held(Gate(), lambda: attach(plan, bread, alice), "INSERT", "quotas_attachment"),
        pytest.raises(OperationalError),
        transaction.atomic(durable=True),
    ):
        StoredFile.objects.select_for_update(nowait=True).get(pk=plan.pk)

    assert Attachment.objects.count() == 1
