"""The plain form that stores a file; with scripts, the same form sends its bytes through the API in the background."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from quotas.forms import UploadForm
from quotas.models import Folder
from quotas.services import attaching, errors, uploads
from quotas.views.listing import folder_page
from sessions_app.requests import Request


@require_POST
def upload_create(request: Request) -> HttpResponse:
    folder = _folder(request)
    form = UploadForm(request.POST, request.FILES)
    if sentence := attaching.why_not_read(request=request):
        form.errors.clear()
        form.add_error(None, sentence)
        return folder_page(request, folder, form=form, status=413)
    if not form.is_valid():
        return folder_page(request, folder, form=form, status=422)
    try:
        file = _store(request, form, folder)
    except errors.QuotaExceeded as error:
        form.add_error(None, str(error))
        return folder_page(request, folder, form=form, status=413)
    messages.success(request, f"“{file}” is stored.")
    return redirect("quotas:folder", folder.pk) if folder else redirect("quotas:files")


def _folder(request: Request) -> Folder | None:
    asked = request.POST.get("folder", "")
    if not asked:
        return None
    key = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else 0
    return get_object_or_404(Folder, pk=key, owner=request.user)


def _store(request: Request, form: UploadForm, folder: Folder | None) -> str:
    sent = form.cleaned_data["file"]
    file = uploads.store(
        user_id=request.user.pk,
        name=sent.name,
        size=sent.size,
        stream=sent,
        folder_id=folder.pk if folder else None,
        keep_old=not form.cleaned_data["overwrite"],
    )
    return file.name
