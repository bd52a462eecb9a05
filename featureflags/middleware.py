"""One request sees one snapshot from start to end."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from featureflags import snapshot
from featureflags.tally import tally


class FlagsMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with snapshot.pinned() as held:
            # A streamed answer is made after this block.
            request.flag_snapshot = held  # type: ignore[attr-defined]
            response = self.get_response(request)
        tally.flush_when_due()
        return response
