"""What went wrong, said to a machine: problem details (RFC 9457), the one shape of every error of the JSON API."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from django.http import HttpResponse

CONTENT_TYPE = "application/problem+json"
# RFC 9457, section 4.2.1: a problem that its status code says completely.
BLANK = "about:blank"


def problem(
    status: int,
    *,
    title: str = "",
    detail: str = "",
    type: str = BLANK,
    headers: Mapping[str, str] | None = None,
    **members: Any,
) -> HttpResponse:
    """Return the answer for `status`; `title` is the status's own phrase unless given.

    `detail` is about this one occurrence and for a person; further `members` (`errors`, `limit`) are for programs.
    `request_id` is added where there is one: the name under which the logs keep this request.
    """
    body: dict[str, Any] = {"type": type, "title": title or HTTPStatus(status).phrase, "status": status}
    if detail:
        body["detail"] = detail
    body |= members
    if request_id := structlog.contextvars.get_contextvars().get("request_id"):
        body["request_id"] = request_id
    # ASCII: a lone surrogate that a client sent must not fail the answer that refuses it.
    text = json.dumps(body, ensure_ascii=True)
    return HttpResponse(text, status=status, content_type=CONTENT_TYPE, headers=dict(headers or {}))


class Refused(Exception):
    """A request that is answered with a problem; raised where no answer can be returned."""

    def __init__(self, status: int, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.detail, self.more = status, detail, more

    def answer(self) -> HttpResponse:
        return problem(self.status, detail=self.detail, **self.more)
