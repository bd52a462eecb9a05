"""tus over HTTP: what each request has to say, how refusals are told, and a body as something to read from."""

from collections.abc import Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from lib.problems import Refused
from lib.streams import CutOff, pieces
from quotas import tus
from quotas.services import errors, reading
from sessions_app.requests import Request


class speaking:  # noqa: N801  (a context)
    """What each request of tus has to say, and how its refusals are told."""

    def __init__(self, request: Request, response: HttpResponse) -> None:
        self.request, self.response = request, response

    def __enter__(self) -> None:
        self.response["Tus-Resumable"] = tus.VERSION
        if self.request.headers.get("Tus-Resumable") != tus.VERSION:
            raise Refused(412, f"Send `Tus-Resumable: {tus.VERSION}`.", headers={"Tus-Version": tus.VERSION})

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        headers = {"Tus-Resumable": tus.VERSION}
        if isinstance(error, tus.FieldWrong):
            wrong = [{"in": "header", "pointer": error.name, "detail": str(error)}]
            raise Refused(400, f"{error.name}: {error}", headers=headers, errors=wrong) from error
        if isinstance(error, errors.QuotaExceeded):
            headers |= reading.quota_headers(user_id=self.request.user.pk)
            numbers: dict[str, Any] = {"resource": error.resource, "used": error.used, "reserved": error.reserved}
            raise Refused(
                413, str(error), headers=headers, wanted=error.wanted, limit=error.limit, **numbers
            ) from error
        if isinstance(error, errors.NotThere):
            raise Http404 from error
        for refusal, status in STATUSES.items():
            if isinstance(error, refusal):
                more = {"Upload-Offset": str(error.offset)} if isinstance(error, errors.OffsetWrong) else {}
                raise _refusal(status, str(error), headers | more) from error


STATUSES: dict[type[errors.QuotaError], int] = {
    errors.OffsetWrong: 409,
    errors.UploadOver: 410,
    errors.GrantGone: 410,
    errors.TooLong: 413,
    errors.AmountInvalid: 413,
    errors.ChecksumWrong: 460,
}


def _refusal(status: int, detail: str, headers: dict[str, str]) -> Refused:
    # 460 is tus's own number, for which HTTP has no phrase.
    more = {"title": "Checksum Mismatch"} if status == 460 else {}
    return Refused(status, detail, headers=headers, **more)


def announced(request: HttpRequest) -> int:
    return int(request.META.get("CONTENT_LENGTH") or 0)


class Body:
    """A request's body as something to read from, which ends where the connection broke."""

    def __init__(self, request: HttpRequest) -> None:
        self._pieces: Iterator[bytes] = pieces(request)
        self._rest = b""

    def read(self, size: int, /) -> bytes:
        if not self._rest:
            try:
                self._rest = next(self._pieces, b"")
            except CutOff:
                return b""
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece
