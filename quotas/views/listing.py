"""What several pages of files show: the files themselves, and how full it is."""

from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import render

from lib import keyset
from quotas import pictures
from quotas.forms import FolderForm, UploadForm
from quotas.models import Folder, StoredFile
from quotas.services import files, reading
from sessions_app.requests import Request


def folder_page(
    request: Request, folder: Folder | None, *, form: UploadForm | None = None, status: int = 200
) -> HttpResponse:
    """Show the folders and files of one folder, newest first."""
    rows = StoredFile.objects.visible_to(request.user).in_folder(folder).with_current()
    page = _page(request, rows)
    context = {
        "folder": folder,
        "trail": files.trail(folder=folder),
        "folders": list(Folder.objects.of_person(request.user.pk, parent=folder)),
        "files": page.items,
        "older": page.next,
        "form": form or UploadForm(),
        "folder_form": FolderForm(initial={"parent": folder.pk if folder else None}),
        **standing(request),
    }
    return render(request, "quotas/file_list.html", context, status=status)


def _page(request: Request, rows: Any) -> keyset.Page[StoredFile]:
    try:
        return keyset.page(rows, by=("changed_at", "id"), cursor=request.GET.get("after", ""))
    except keyset.CursorInvalid as error:
        raise BadRequest(str(error)) from error


def standing(request: Request) -> dict[str, Any]:
    """Return what the side column and the banner need."""
    account = reading.storage_of(user_id=request.user.pk)
    return {
        "account": account,
        "gauge": pictures.gauge(account.used, account.reserved, account.hard),
        "notices": reading.notices_for(user_id=request.user.pk),
    }
