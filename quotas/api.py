"""The JSON API of quotas, and resumable uploads after tus 1.0: public clients work unchanged."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import http_date
from ninja import Path, Router, Schema, Status
from pydantic import ConfigDict, Field

from lib.payloads import EXAMPLES, refusals
from lib.streams import takes_stream
from quotas import tus
from quotas.models import Account, Upload
from quotas.protocol import Body, announced, speaking
from quotas.services import reading, uploads
from sessions_app.requests import Request

router = Router(tags=["Files"])

QUOTA: dict[str, Any] = {
    "resource": "storage",
    "used": 3_200_000_000,
    "reserved": 200_000_000,
    "soft": None,
    "limit": 5_000_000_000,
    "remaining": 1_600_000_000,
    "state": "normal",
    "window_began_on": "2026-11-01",
}
UPLOAD: dict[str, Any] = {
    "id": "3b0f6a5e-8f0e-4a54-9d0a-6a1f6f5f9d51",
    "name": "plan.pdf",
    "length": 200_000_000,
    "received": 96_000_000,
    "expires_at": "2026-11-25T20:01:13Z",
    "file_id": 12,
}
REFUSED: dict[int, dict[str, Any]] = {
    409: {"detail": "The upload is at 96000000. Ask for its offset, then go on from there."},
    410: {"detail": "This upload was left alone for too long. Begin it anew."},
    412: {"detail": "Send `Tus-Resumable: 1.0.0`."},
    413: {"detail": "Your limit is 5 GB: 4.9 GB used, 100 MB free. This needs 200 MB."},
    460: {"detail": "What arrived is not what was sent: the checksum differs. Send it again."},
}


def _header(name: str, description: str, example: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    shape = {"type": "string"} | schema
    described = {"description": description, "required": required, "schema": shape, "example": example}
    return {"name": name, "in": "header"} | described


BYTES = r"^[0-9]{1,19}$"
SPEAKS_TUS = _header("Tus-Resumable", "The version of tus.", tus.VERSION, required=True, enum=[tus.VERSION])
LENGTH = _header("Upload-Length", "How many bytes it will be.", "200000000", pattern=BYTES)
OFFSET = _header("Upload-Offset", "Where these bytes belong.", "96000000", required=True, pattern=BYTES)
DEFERRED = _header("Upload-Defer-Length", "In place of the length: it is said later.", "1", enum=["1"])
METADATA = _header(
    "Upload-Metadata", "Pairs of a key and a value in base64: filename, folder, overwrite.", "filename cGxhbi5wZGY="
)
CHECKSUM = _header(
    "Upload-Checksum",
    f"Of the bytes of this request: one of {', '.join(tus.ALGORITHMS)}, and the digest in base64.",
    "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
)
BEGINNING = [SPEAKS_TUS, LENGTH, DEFERRED, METADATA, CHECKSUM]
GOING_ON = [SPEAKS_TUS, OFFSET, LENGTH, CHECKSUM]

UploadId = Annotated[UUID, Path(description="Which one.", example="3b0f6a5e-8f0e-4a54-9d0a-6a1f6f5f9d51")]


class Quota(Schema):
    """What may be used of one thing, and what is used."""

    model_config = ConfigDict(json_schema_extra={"examples": [QUOTA]})

    resource: str = Field(description="`storage` in bytes, `files`, or what else the hall limits.")
    used: int
    reserved: int = Field(description="Under way: it becomes used, or comes back by itself.")
    soft: int | None = Field(description="May be passed for a week; null: none.")
    limit: int | None = Field(description="null: none.")
    remaining: int | None = Field(description="null: without a limit.")
    state: Literal["normal", "near", "critical", "over"]
    window_began_on: str | None = Field(description="Of what counts by the day, week or month; else null.")


class Quotas(Schema):
    """Everything that the hall limits for this person."""

    quotas: list[Quota]


class UploadState(Schema):
    """How far an upload is."""

    model_config = ConfigDict(json_schema_extra={"examples": [UPLOAD]})

    id: UUID
    name: str
    length: int | None = Field(description="null: not said yet.")
    received: int
    expires_at: datetime
    file_id: int | None = Field(description="The file, once all of it is here; else null.")


# --- What is used -----------------------------------------------------------------------------------------


@router.get("/quota", response={200: Quotas, **refusals()}, summary="What may I use?")
def show_quota(request: Request, response: HttpResponse) -> object:
    """What this person uses and may use, of each thing that the hall limits. The headers say it of storage."""
    rows = reading.accounts_of(user_id=request.user.pk)
    _say_quota(request, response)
    return {"quotas": [_quota(row) for row in rows]}


def _quota(row: Account) -> dict[str, Any]:
    remaining = row.balance.remaining(timezone.now())
    return {
        "resource": row.resource,
        "used": row.used,
        "reserved": row.reserved,
        "soft": row.soft,
        "limit": row.hard,
        "remaining": remaining,
        "state": row.state,
        "window_began_on": row.window_on.isoformat() if row.window_on else None,
    }


def _say_quota(request: Request, response: HttpResponse) -> None:
    for name, value in reading.quota_headers(user_id=request.user.pk).items():
        response[name] = value


# --- tus --------------------------------------------------------------------------------------------------


@router.api_operation(
    ["OPTIONS"], "/uploads", auth=None, response={204: None, **refusals()}, summary="What can uploads do?"
)
def show_upload_abilities(request: HttpRequest, response: HttpResponse) -> object:
    """The versions, extensions and checksums of tus that work here."""
    response["Tus-Resumable"] = response["Tus-Version"] = tus.VERSION
    response["Tus-Extension"] = tus.EXTENSIONS
    response["Tus-Checksum-Algorithm"] = ",".join(tus.ALGORITHMS)
    response["Tus-Max-Size"] = str(tus.LARGEST)
    return Status(204, None)


@router.post(
    "/uploads",
    response={201: None, **refusals(404, 409, 410, 411, 412, 413, 415, 460)},
    summary="Begin an upload",
    openapi_extra={EXAMPLES: REFUSED, "parameters": BEGINNING},
)
def create_upload(request: Request, response: HttpResponse) -> object:
    """Reserve room for a file and begin to send it, after tus 1.0.

    `Upload-Length` says how long it is (or `Upload-Defer-Length: 1`, and room is reserved in steps). `Upload-Metadata`
    holds `filename`, and if wanted `folder` (its number) and `overwrite` (`1`: what the file held is not kept as a
    version). Over the limit it is 413 before any byte is taken. Bytes may come along, as in `PATCH`.
    """
    with speaking(request, response):
        length = tus.number("Upload-Length", request.headers.get("Upload-Length"))
        deferred = request.headers.get("Upload-Defer-Length")
        if (length is None) == (deferred is None) or deferred not in (None, "1"):
            raise tus.FieldWrong("Upload-Length", "Send either Upload-Length or `Upload-Defer-Length: 1`.")
        found = tus.metadata(request.headers.get("Upload-Metadata"))
        folder = tus.number("Upload-Metadata", found.get("folder") or None)
        upload = uploads.create_upload(
            user_id=request.user.pk,
            name=found.get("filename") or found.get("name") or "unnamed",
            length=length,
            folder_id=folder,
            keep_old=found.get("overwrite") != "1",
            metadata=request.headers.get("Upload-Metadata", "").strip(),
        )
        response["Location"] = f"/api/v1/uploads/{upload.pk}"
        if request.content_type == tus.BODY_TYPE and announced(request):
            upload = _receive(request, upload.pk, 0)
    _say_upload(request, response, upload)
    return Status(201, None)


@router.get("/uploads/{upload_id}", response={200: UploadState, **refusals(404)}, summary="How far is it?")
def show_upload(request: Request, response: HttpResponse, upload_id: UploadId) -> object:
    """How much of an upload is here. HEAD says it in the fields of tus."""
    upload = _visible(request, upload_id)
    response["Tus-Resumable"] = tus.VERSION
    _say_upload(request, response, upload)
    if upload.length is None:
        response["Upload-Defer-Length"] = "1"
    else:
        response["Upload-Length"] = str(upload.length)
    if upload.metadata:
        response["Upload-Metadata"] = upload.metadata
    return upload


@router.patch(
    "/uploads/{upload_id}",
    response={204: None, **refusals(404, 409, 410, 412, 460, stream=True)},
    summary="Send bytes of an upload",
    openapi_extra={EXAMPLES: REFUSED, "parameters": GOING_ON},
)
@takes_stream(tus.BODY_TYPE)
def append_to_upload(request: Request, response: HttpResponse, upload_id: UploadId) -> object:
    """Send what comes next, at `Upload-Offset`; what arrived before a connection broke is kept.

    With `Upload-Checksum` all of it is kept or nothing (460). The last byte makes the file.
    """
    with speaking(request, response):
        offset = tus.number("Upload-Offset", request.headers.get("Upload-Offset"))
        if offset is None:
            raise tus.FieldWrong("Upload-Offset", "Say where the bytes belong.")
        length = tus.number("Upload-Length", request.headers.get("Upload-Length"))
        if length is not None:
            uploads.set_length(upload_id=upload_id, user_id=request.user.pk, length=length)
        upload = _receive(request, upload_id, offset)
    _say_upload(request, response, upload)
    return Status(204, None)


@router.delete(
    "/uploads/{upload_id}",
    response={204: None, **refusals(404, 412)},
    summary="Give an upload up",
    openapi_extra={EXAMPLES: {412: REFUSED[412]}, "parameters": [SPEAKS_TUS]},
)
def end_upload(request: Request, response: HttpResponse, upload_id: UploadId) -> object:
    """Forget an upload; what was reserved for it is free at once."""
    with speaking(request, response):
        if not uploads.terminate(upload_id=upload_id, user_id=request.user.pk):
            raise Http404
    return Status(204, None)


def _receive(request: Request, upload_id: UUID, offset: int) -> Upload:
    return uploads.receive(
        upload_id=upload_id,
        user_id=request.user.pk,
        offset=offset,
        stream=Body(request),
        announced=announced(request),
        checksum=tus.checksum(request.headers.get("Upload-Checksum")),
    )


def _visible(request: Request, upload_id: UUID) -> Upload:
    upload = Upload.objects.visible_to(request.user).filter(pk=upload_id).first()
    if upload is None:
        raise Http404
    return upload


def _say_upload(request: Request, response: HttpResponse, upload: Upload) -> None:
    response["Upload-Offset"] = str(upload.received)
    response["Upload-Expires"] = http_date(upload.expires_at.timestamp())
    _say_quota(request, response)
