"""What people do to files: trash, restore, versions, overwrite by difference, copies, folders, and their names."""

import io

import pytest
from django.urls import reverse
from django.utils import timezone

from quotas.models import Blob, Folder, StoredFile
from quotas.services import errors, files, uploads
from tests.quotas.conftest import limit, must_balance, numbers, stored
from tests.races import race

pytestmark = pytest.mark.django_db(transaction=True)


def on_disk(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


# --- Trash ------------------------------------------------------------------------------------------------


def test_the_trash_counts_until_it_is_emptied(alice, empty_storage):
    file = stored(alice, 10)
    files.trash_file(file_id=file.pk, user_id=alice.pk)
    assert numbers(alice) == (10, 0)

    assert files.empty_trash(user_id=alice.pk) == 1
    uploads.expire_uploads()

    assert (numbers(alice), on_disk(empty_storage)) == ((0, 0), [])
    must_balance()


def test_upload_delete_upload_restore_does_not_pass_the_limit(alice):
    limit(alice, 10)
    file = stored(alice, 10)
    files.trash_file(file_id=file.pk, user_id=alice.pk)

    with pytest.raises(errors.QuotaExceeded):
        stored(alice, 10, name="second.txt")


def test_a_restore_above_the_limit_is_refused_and_deleting_is_not(alice):
    file = stored(alice, 10)
    files.trash_file(file_id=file.pk, user_id=alice.pk)
    limit(alice, 5)

    with pytest.raises(errors.QuotaExceeded):
        files.restore_file(file_id=file.pk, user_id=alice.pk)
    assert files.delete_file(file_id=file.pk, user_id=alice.pk) is True
    assert numbers(alice) == (0, 0)


def test_a_restored_file_stands_beside_one_that_has_its_name_by_now(alice):
    first = stored(alice, 1)
    files.trash_file(file_id=first.pk, user_id=alice.pk)
    stored(alice, 2)

    assert files.restore_file(file_id=first.pk, user_id=alice.pk).name == "plan (2).txt"


def test_after_thirty_days_the_trash_is_emptied(alice):
    file = stored(alice, 10)
    files.trash_file(file_id=file.pk, user_id=alice.pk)
    assert files.empty_old_trash() == 0

    StoredFile.objects.update(trashed_at=timezone.now() - files.IN_TRASH)

    assert sum(race(files.empty_old_trash, files.empty_old_trash)) == 1
    must_balance()


def test_at_limit_zero_everything_can_be_read_and_deleted(alice, at_alices):
    file = stored(alice, 10)
    limit(alice, 0)

    assert at_alices.get(reverse("quotas:version", args=[file.current_id])).getvalue() == b"x" * 10
    assert at_alices.post(reverse("quotas:file_trash", args=[file.pk])).status_code == 302
    assert at_alices.post(reverse("quotas:trash_empty")).status_code == 302
    assert numbers(alice) == (0, 0)


def test_two_deletions_at_once_give_back_once(alice):
    file = stored(alice, 10)

    results = race(*[lambda: files.delete_file(file_id=file.pk, user_id=alice.pk) for _ in range(3)])

    assert sorted(results) == [False, False, True]
    must_balance()


# --- Versions ---------------------------------------------------------------------------------------------


def test_an_older_version_is_kept_and_counted(alice):
    stored(alice, 10)
    file = stored(alice, 4)

    assert [version.size for version in file.versions.order_by("number")] == [10, 4]
    assert numbers(alice) == (14, 0)


def test_an_overwrite_needs_only_the_difference(alice):
    limit(alice, 15)
    stored(alice, 10)

    file = stored(alice, 15, keep_old=False)

    assert file.versions.count() == 1
    assert numbers(alice) == (15, 0)
    with pytest.raises(errors.QuotaExceeded):
        stored(alice, 16, keep_old=False)
    must_balance()


def test_an_overwrite_whose_old_file_went_meanwhile_is_checked_again(alice):
    limit(alice, 15)
    old = stored(alice, 10)
    upload = uploads.create_upload(user_id=alice.pk, name="plan.txt", length=15, keep_old=False)
    files.delete_file(file_id=old.pk, user_id=alice.pk)
    stored(alice, 5, name="other.txt")

    with pytest.raises(errors.QuotaExceeded):
        uploads.receive(upload_id=upload.pk, user_id=alice.pk, offset=0, stream=io.BytesIO(b"x" * 15))

    assert numbers(alice) == (5, 5)
    must_balance()


def test_only_ten_versions_are_kept(alice):
    for size in range(1, 13):
        file = stored(alice, size)

    assert file.versions.count() == 10
    must_balance()


def test_a_version_comes_back_as_the_newest(alice):
    stored(alice, 10)
    file = stored(alice, 4)
    first = file.versions.get(number=1)

    again = files.bring_back_version(version_id=first.pk, user_id=alice.pk)

    assert (again.current.number, again.current.size, again.current.blob_id) == (3, 10, first.blob_id)
    assert numbers(alice) == (24, 0)
    must_balance()


def test_a_copy_counts_in_full_and_keeps_its_bytes_when_the_first_goes(alice, empty_storage):
    file = stored(alice, 10)
    copy = files.copy_file(file_id=file.pk, user_id=alice.pk)
    assert (copy.name, numbers(alice)) == ("plan (2).txt", (20, 0))

    files.delete_file(file_id=file.pk, user_id=alice.pk)
    uploads.expire_uploads()

    assert len(on_disk(empty_storage)) == 1
    files.delete_file(file_id=copy.pk, user_id=alice.pk)
    uploads.expire_uploads()
    assert (on_disk(empty_storage), Blob.objects.count()) == ([], 0)


# --- Names and folders ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../x.html", "x.html"),
        ("..\\..\\x.html", "x.html"),
        ("a\0b.txt", "a b.txt"),
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
        ("x" * 400 + ".pdf", "x" * 196 + ".pdf"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ("\ud800.txt", "?.txt"),
        (" . hidden ", "hidden"),
    ],
)
def test_a_name_is_made_harmless(alice, given, kept, empty_storage):
    file = stored(alice, 3, name=given)

    assert file.name == kept
    assert all(path.is_relative_to(empty_storage / "blobs") for path in empty_storage.rglob("*") if path.is_file())


def test_a_zip_bomb_is_just_bytes(alice):
    bomb = b"PK\x03\x04" + bytes(40)
    file = uploads.store(user_id=alice.pk, name="bomb.zip", size=44, stream=io.BytesIO(bomb))

    assert (file.current.kind, file.current.picture, numbers(alice)) == ("archive", "", (44, 0))


def test_a_taken_name_is_refused(alice):
    stored(alice, 1, name="a.txt")
    other = stored(alice, 1, name="b.txt")

    with pytest.raises(errors.NameTaken):
        files.move_file(file_id=other.pk, user_id=alice.pk, name="a.txt", folder_id=None)


def test_folders_lie_in_each_other_eight_deep(alice):
    parent = None
    for number in range(files.DEEPEST):
        parent = files.create_folder(user_id=alice.pk, name=str(number), parent_id=parent).pk

    with pytest.raises(errors.FolderTooDeep):
        files.create_folder(user_id=alice.pk, name="deeper", parent_id=parent)


def test_a_deleted_folder_puts_its_files_into_the_trash(alice):
    folder = files.create_folder(user_id=alice.pk, name="Workshop")
    inner = files.create_folder(user_id=alice.pk, name="Inner", parent_id=folder.pk)
    stored(alice, 1, folder_id=inner.pk)

    assert files.delete_folder(folder_id=folder.pk, user_id=alice.pk) == 1
    assert not Folder.objects.exists()
    assert StoredFile.objects.trashed().count() == 1


def test_what_belongs_to_nobody_any_more_is_deleted(alice, mallory):
    stored(alice, 10)
    stored(mallory, 5)
    alice.delete()

    assert files.empty_old_trash() == 1
    must_balance()
