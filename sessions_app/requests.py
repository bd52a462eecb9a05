"""The type of a request behind this app's middleware: for annotations, never made."""

from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from sessions_app.clients import Client
    from sessions_app.engine import SessionStore
    from sessions_app.models import User


class Request(HttpRequest):
    """What views get. `user` is a `User` where `LoginRequiredMiddleware` let the request through."""

    client: "Client"
    device_token: str | None
    new_device_token: str
    signed_out: bool
    session: "SessionStore"
    user: "User"
    _cached_user: "User | AnonymousUser"
