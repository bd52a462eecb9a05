"""What is inside of files, sent so that no browser ever runs it."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import content_disposition_header, http_date, quote_etag
from django.views.decorators.http import require_POST, require_safe

from quotas import names, paths, ranges
from quotas.models import Attachment, Version
from quotas.services import attaching, blobs
from sessions_app.requests import Request

# Whatever it is, it has no origin, loads nothing and runs nothing.
SANDBOX = "sandbox; default-src 'none'; style-src 'none'; script-src 'none'; frame-ancestors 'none'"


@require_safe
def version_content(request: Request, version_id: int) -> HttpResponseBase:
    versions = Version.objects.visible_to(request.user).select_related("file")
    return _sent(request, get_object_or_404(versions, pk=version_id))


@require_safe
def version_picture(request: Request, version_id: int) -> HttpResponseBase:
    made = Version.objects.visible_to(request.user).filter(picture=Version.Picture.MADE)
    version = get_object_or_404(made, pk=version_id)
    return _guarded(HttpResponse(_picture(version), content_type="image/webp"))


@require_safe
def attachment_content(request: Request, attachment_id: int) -> HttpResponseBase:
    attachment = get_object_or_404(Attachment.objects.with_version(), pk=attachment_id)
    if attachment.file.current is None or not attaching.is_visible(attachment=attachment, user=request.user):
        raise Http404
    return _sent(request, attachment.file.current)


@require_safe
def attachment_picture(request: Request, attachment_id: int) -> HttpResponseBase:
    attachment = get_object_or_404(Attachment.objects.with_version(), pk=attachment_id)
    version = attachment.file.current
    if version is None or version.picture != Version.Picture.MADE:
        raise Http404
    if not attaching.is_visible(attachment=attachment, user=request.user):
        raise Http404
    return _guarded(HttpResponse(_picture(version), content_type="image/webp"))


@require_POST
def attachment_removal(request: Request, attachment_id: int) -> HttpResponseBase:
    attachment = get_object_or_404(
        Attachment.objects.select_related("content_type"), pk=attachment_id, file__owner=request.user
    )
    target: Any = attachment.target
    attaching.detach_file(attachment_id=attachment.pk, by=request.user)
    messages.success(request, "It is not attached any more. The file is still among yours.")
    return redirect(target or "quotas:files")


def _picture(version: Version) -> bytes:
    try:
        with default_storage.open(paths.picture_of(version.blob_id)) as stored:
            content: bytes = stored.read()
            return content
    except FileNotFoundError as error:
        raise Http404 from error


def _sent(request: Request, version: Version) -> HttpResponseBase:
    """Return all of it, the range that is asked for, or that there is no such range."""
    etag = quote_etag(str(version.blob_id))
    changed = request.headers.get("If-Range") not in (None, etag)
    try:
        found = None if changed else ranges.wanted(request.headers.get("Range"), version.size)
    except ranges.Unsatisfiable as error:
        return _guarded(HttpResponse(status=416, headers={"Content-Range": str(error)}))
    response = _streamed(request, version, found)
    shown = "shown" in request.GET and version.content_type in names.SHOWN
    response["Content-Disposition"] = content_disposition_header(not shown, version.file.name) or "attachment"
    response["ETag"], response["Accept-Ranges"] = etag, "bytes"
    response["Last-Modified"] = http_date(version.created_at.timestamp())
    return _guarded(response)


def _streamed(request: Request, version: Version, found: tuple[int, int] | None) -> HttpResponseBase:
    start, stop = found or (0, version.size)
    head = request.method == "HEAD"
    chunks: Iterator[bytes] = iter(()) if head else blobs.read(blob_id=version.blob_id, start=start, stop=stop)
    response = StreamingHttpResponse(chunks, status=206 if found else 200, content_type=_type(version))
    response["Content-Length"] = str(stop - start)
    if found:
        response["Content-Range"] = f"bytes {start}-{stop - 1}/{version.size}"
    return response


def _type(version: Version) -> str:
    kind = version.content_type
    return f"{kind}; charset=utf-8" if kind == "text/plain" else kind


def _guarded(response: HttpResponseBase) -> HttpResponseBase:
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = SANDBOX
    response["Cache-Control"] = "private, no-cache"
    return response
