"""A web server for Chromium, and an operator who is signed in."""

import threading

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.test import Client

from deploy.local.ground import LOOPBACK


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None: ...


def serve() -> str:
    """Serve the project from another thread; return its address."""
    server = ThreadedWSGIServer((LOOPBACK, 0), Quiet)
    server.set_app(StaticFilesHandler(WSGIHandler()))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://{LOOPBACK}:{server.server_port}"


def add_operator(mode: str) -> None:
    """Add the operator; where accounts hold a choice, theirs is that mode."""
    model = get_user_model()
    fields = {"display_name": "Olga"} if model.USERNAME_FIELD == "email" else {"username": "olga"}
    olga = model.objects.create(email="olga@example.org", is_staff=True, is_superuser=True, **fields)
    if "preferences" in settings.INSTALLED_APPS:
        from preferences.models import Preference

        Preference.objects.create(user=olga, mode=mode)


def sign_in() -> dict[str, str]:
    """Return the cookie of a new session of the operator's."""
    client = Client()
    client.force_login(get_user_model().objects.get(email="olga@example.org"))
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value}
