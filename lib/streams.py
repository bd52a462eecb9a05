"""Operations that read their own body, piece by piece: bytes that are no JSON, and too many to hold in memory.

@router.patch("/uploads/{upload_id}", response={204: None, **refusals(404, 409, stream=True)})
@takes_stream("application/offset+octet-stream")
def append(request, upload_id: ...):
    for piece in pieces(request, most=room): ...

Such a body is never parsed, kept or compared, so no Idempotency-Key is taken: the operation has a fence of its own (the
offset at which the bytes belong), so that the same bytes sent twice are stored once.
"""

import functools
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

from django.http import HttpRequest, UnreadablePostError
from ninja.operation import Operation
from ninja.utils import contribute_operation_callback

from lib.problems import Refused

PIECE = 64 * 1024
# The attribute of an operation's function that says which content types it takes as a stream.
KINDS = "takes_stream"

View = TypeVar("View", bound=Callable[..., Any])


class CutOff(UnreadablePostError):
    """The connection ended before all of the body had come; what came was handed out already."""


def takes_stream(*kinds: str) -> Callable[[View], View]:
    """Let an operation take a body of these content types and read it by itself; any other is 415.

    Stands next to the function, below the router's decorator.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.content_type not in kinds:
                words = " or ".join(f"`{kind}`" for kind in kinds)
                raise Refused(415, f"Send the body as {words}.", headers={"Accept": ", ".join(kinds)})
            return view(request, *args, **kwargs)

        setattr(checked, KINDS, kinds)
        contribute_operation_callback(checked, functools.partial(_describe, kinds=kinds))
        return cast(View, checked)

    return decorate


def _describe(operation: Operation, *, kinds: tuple[str, ...]) -> None:
    # OpenAPI 3.1: bytes without an encoding have no schema.
    content: dict[str, Any] = {kind: {} for kind in kinds}
    operation.openapi_extra = (operation.openapi_extra or {}) | {"requestBody": {"required": True, "content": content}}


def pieces(request: HttpRequest, *, most: int | None = None, size: int = PIECE) -> Iterator[bytes]:
    """Yield the body in pieces of at most `size` bytes, as it arrives.

    Refuse (413) one that says it is longer than `most`, before anything is read. Raise CutOff when less comes than was
    said; the pieces until then were handed out. More never comes: the server reads only what was said.
    """
    said = int(request.META.get("CONTENT_LENGTH") or 0)
    if most is not None and said > most:
        raise Refused(413, f"Send at most {most} bytes.")
    left = said
    while left:
        piece = request.read(min(size, left))
        if not piece:
            raise CutOff(f"{left} of {said} bytes did not come")
        left -= len(piece)
        yield piece
