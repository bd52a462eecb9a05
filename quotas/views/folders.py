"""What people do to folders."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from quotas.forms import FolderForm
from quotas.services import errors, files
from sessions_app.requests import Request


@require_POST
def folder_create(request: Request) -> HttpResponse:
    form = FolderForm(request.POST)
    if not form.is_valid():
        messages.error(request, "A folder needs a name of at most 200 characters.")
        return redirect("quotas:files")
    try:
        folder = files.create_folder(
            user_id=request.user.pk, name=form.cleaned_data["name"], parent_id=form.cleaned_data["parent"]
        )
    except errors.NotThere as error:
        raise Http404 from error
    except errors.QuotaError as error:
        messages.error(request, str(error))
        return redirect("quotas:files")
    return redirect("quotas:folder", folder.pk)


@require_POST
def folder_delete(request: Request, folder_id: int) -> HttpResponse:
    try:
        count = files.delete_folder(folder_id=folder_id, user_id=request.user.pk)
    except errors.NotThere as error:
        raise Http404 from error
    messages.success(request, f"The folder is gone; {count} file{'' if count == 1 else 's'} moved to the trash.")
    return redirect("quotas:files")
