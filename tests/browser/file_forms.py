"""Stories of the forms of files and of their limits, as those in `own_forms`."""

from quotas.models import Folder, Notice, OperatorAct, StoredFile, Version
from quotas.services import files
from tests.quotas.conftest import account, make_plans, stored
from tests.webhooks.conftest import in_a_thread


def a_file(visit):
    make_plans()
    # Playwright leaves a loop in this thread, and beside a loop each context has a connection of its own.
    return in_a_thread(lambda: stored(visit.olga))


def in_trash():
    return StoredFile.objects.exclude(trashed_at=None).count()


def upload_file(visit):
    make_plans()
    visit.go("quotas:files")
    visit.page.locator("#id_file").set_input_files({"name": "plan.txt", "mimeType": "text/plain", "buffer": b"Flour"})
    return visit.button("Upload"), Version.objects.count


def new_folder(visit):
    visit.go("quotas:files")
    visit.page.locator("form[action$='/folders/'] input[name=name]").fill("Plans")
    return visit.button("Make the folder"), Folder.objects.count


def copy_file(visit):
    visit.go("quotas:file", a_file(visit).pk)
    return visit.button("Copy"), StoredFile.objects.count


def trash_file(visit):
    visit.go("quotas:file", a_file(visit).pk)
    return visit.button("Move to the trash"), in_trash


def delete_for_good(visit):
    files.trash_file(file_id=a_file(visit).pk, user_id=visit.olga.pk)
    visit.go("quotas:trash")
    return visit.page.get_by_role("button", name="for good").first, lambda: 1 - StoredFile.objects.count()


def snooze_notice(visit):
    a_file(visit)
    Notice.objects.create(account=account(visit.olga), level=85)
    visit.go("quotas:files")
    return visit.button("Hide for a week"), Notice.objects.exclude(snoozed_until_at=None).count


def other_limits(visit):
    visit.go("admin:quotas_override_grant")
    visit.fill(email=visit.olga.email, hard="7", reason="a test")
    return visit.page.locator("#content input[type=submit]"), OperatorAct.objects.count
