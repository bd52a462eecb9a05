"""The pages of a person's files."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from quotas import names
from quotas.forms import MoveForm
from quotas.models import Folder, StoredFile, Version
from quotas.services import errors
from quotas.services import files as services
from quotas.views.listing import folder_page, standing
from sessions_app.requests import Request


@require_safe
def file_list(request: Request) -> HttpResponse:
    return folder_page(request, None)


@require_safe
def folder_detail(request: Request, folder_id: int) -> HttpResponse:
    return folder_page(request, get_object_or_404(Folder, pk=folder_id, owner=request.user))


@require_safe
def file_detail(request: Request, file_id: int) -> HttpResponse:
    return _file_page(request, _file(request, file_id))


def _file(request: Request, file_id: int) -> StoredFile:
    return get_object_or_404(StoredFile.objects.visible_to(request.user).with_current(), pk=file_id)


def _file_page(request: Request, file: StoredFile, form: MoveForm | None = None, status: int = 200) -> HttpResponse:
    versions = list(file.versions.order_by("-number"))
    media = file.current.content_type if file.current else ""
    context = {
        "file": file,
        "versions": versions,
        "trail": services.trail(folder=file.folder),
        "form": form or MoveForm(user=request.user, initial={"name": file.name, "folder": file.folder_id}),
        "as_picture": media in names.SHOWN and media.startswith("image/"),
        "as_sound": media in names.SHOWN and media.startswith("audio/"),
        "as_film": media in names.SHOWN and media.startswith("video/"),
        "as_text": media == "text/plain",
        **standing(request),
    }
    return render(request, "quotas/file_detail.html", context, status=status)


@require_POST
def file_move(request: Request, file_id: int) -> HttpResponse:
    file = _file(request, file_id)
    form = MoveForm(request.POST, user=request.user)
    if not form.is_valid():
        return _file_page(request, file, form, status=422)
    folder = form.cleaned_data["folder"]
    try:
        services.move_file(
            file_id=file.pk,
            user_id=request.user.pk,
            name=form.cleaned_data["name"],
            folder_id=folder.pk if folder else None,
        )
    except errors.QuotaError as error:
        form.add_error("name", str(error))
        return _file_page(request, file, form, status=422)
    messages.success(request, "Saved.")
    return redirect("quotas:file", file_id)


@require_POST
def file_trash(request: Request, file_id: int) -> HttpResponse:
    file = _file(request, file_id)
    services.trash_file(file_id=file.pk, user_id=request.user.pk)
    messages.success(request, f"“{file.name}” is in the trash. It counts until the trash is emptied.")
    return _back(file)


@require_POST
def file_restore(request: Request, file_id: int) -> HttpResponse:
    file = _file(request, file_id)
    try:
        restored = services.restore_file(file_id=file.pk, user_id=request.user.pk)
        messages.success(request, f"“{restored.name}” is back.")
    except errors.QuotaError as error:
        messages.error(request, str(error))
    return redirect("quotas:trash")


@require_POST
def file_delete(request: Request, file_id: int) -> HttpResponse:
    file = _file(request, file_id)
    if services.delete_file(file_id=file.pk, user_id=request.user.pk):
        messages.success(request, f"“{file.name}” is deleted for good.")
    return redirect("quotas:trash")


@require_POST
def file_copy(request: Request, file_id: int) -> HttpResponse:
    file = _file(request, file_id)
    try:
        copy = services.copy_file(file_id=file.pk, user_id=request.user.pk)
        messages.success(request, f"“{copy.name}” is a copy of its own.")
    except errors.QuotaError as error:
        messages.error(request, str(error))
    return _back(file)


@require_POST
def version_bring_back(request: Request, version_id: int) -> HttpResponse:
    version = _version(request, version_id)
    try:
        services.bring_back_version(version_id=version.pk, user_id=request.user.pk)
        messages.success(request, f"Version {version.number} is what the file holds again.")
    except errors.QuotaError as error:
        messages.error(request, str(error))
    return redirect("quotas:file", version.file_id)


@require_POST
def version_delete(request: Request, version_id: int) -> HttpResponse:
    version = _version(request, version_id)
    if services.delete_version(version_id=version.pk, user_id=request.user.pk):
        messages.success(request, f"Version {version.number} is deleted for good.")
    else:
        messages.error(request, "What the file holds now cannot be deleted alone.")
    return redirect("quotas:file", version.file_id)


def _version(request: Request, version_id: int) -> Version:
    return get_object_or_404(Version.objects.visible_to(request.user), pk=version_id)


@require_safe
def trash_list(request: Request) -> HttpResponse:
    rows = StoredFile.objects.visible_to(request.user).trashed().with_current().order_by("-trashed_at", "-pk")
    context = {"files": list(rows[:200]), "days": services.IN_TRASH.days, **standing(request)}
    return render(request, "quotas/trash_list.html", context)


@require_POST
def trash_empty(request: Request) -> HttpResponse:
    deleted = services.empty_trash(user_id=request.user.pk)
    messages.success(request, f"The trash is empty: {deleted} file{'' if deleted == 1 else 's'} deleted for good.")
    return redirect("quotas:trash")


def _back(file: StoredFile) -> HttpResponse:
    return redirect("quotas:folder", file.folder_id) if file.folder_id else redirect("quotas:files")
