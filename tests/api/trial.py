"""Operations that only tests ask: what the hall's own API can do, and no app needs yet."""

import hashlib
from datetime import date

from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path
from ninja import Router, Schema, Status

from config.api import HallAPI
from lib.deprecation import deprecated
from lib.payloads import refusals
from lib.streams import pieces, takes_stream
from sessions_app.api_auth import ApiRequest

STREAM = "application/offset+octet-stream"
MOST = 512 * 1024 * 1024

router = Router(tags=["You"])
# What the streamed operation saw of each request, as far as it came.
arrived: list[int] = []


class Digest(Schema):
    size: int
    sha256: str
    largest: int


@router.patch("/stream", response={200: Digest, **refusals(stream=True)}, summary="Take many bytes")
@takes_stream(STREAM)
def take_stream(request: ApiRequest) -> object:
    """Say what came, which is held nowhere."""
    digest, sizes = hashlib.sha256(), [0]
    arrived.append(0)
    for piece in pieces(request, most=MOST):
        digest.update(piece)
        sizes.append(len(piece))
        arrived[-1] += len(piece)
    return {"size": sum(sizes), "sha256": digest.hexdigest(), "largest": max(sizes)}


@router.api_operation(["HEAD"], "/stream", response={200: None, **refusals()}, summary="How far is it?")
def show_offset(request: ApiRequest, response: HttpResponse) -> object:
    """Answer HEAD where there is no GET, as resumable uploads ask it."""
    response["Upload-Offset"] = "7"
    return Status(200, None)


@router.api_operation(["OPTIONS"], "/stream", auth=None, response={204: None}, summary="What is there?")
def show_abilities(request: ApiRequest, response: HttpResponse) -> object:
    """Answer OPTIONS to anybody, as resumable uploads ask it."""
    response["Tus-Resumable"] = "1.0.0"
    return Status(204, None)


@router.get("/lines", response={200: None, **refusals()}, summary="Send many lines")
def send_lines(request: ApiRequest) -> object:
    """Send an answer that is made while it is sent."""
    return StreamingHttpResponse((b"line\n" for _ in range(3)), content_type="text/plain")


@router.get("/old", response={200: None, **refusals()}, summary="Do it the old way")
@deprecated(since=date(2027, 1, 4), until=date(2028, 1, 10), instead="show_me")
def show_old(request: ApiRequest) -> object:
    """Answer as ever, until it leaves."""
    return Status(200, None)


@router.post("/old", response={201: None, **refusals()}, summary="Make it the old way")
@deprecated(since=date(2027, 1, 4), until=date(2028, 1, 10), instead="show_me")
def make_old(request: ApiRequest) -> object:
    """Make as ever, once for a key, until it leaves."""
    return Status(201, None)


trial = HallAPI(router, namespace="trial")
urlpatterns = [path("api/v1/", trial.urls)]
