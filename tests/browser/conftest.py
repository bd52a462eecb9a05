"""A real browser, a real server and a real mail sink: what every browser test stands on."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from deploy.local import chromium as chromium_finder
from deploy.local.ground import free_port
from tests import faults

HERE = Path(__file__).parent
MAIL_SECONDS = 30
WORKER_OPTIONS = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING")
WCAG_2_2_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# No preload: it would fetch each style sheet once more, from the wrong place, for a rule about turned phones.
HEIGHT_MAX = 6000
WHOLE_HEIGHT = "document.documentElement.scrollHeight"
AXE_OPTIONS = {"runOnly": WCAG_2_2_AA, "resultTypes": ["violations"], "preload": False}


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for each worker; tests are kept apart by their contexts."""
    path = chromium_finder.find()
    if path is None:
        pytest.fail(chromium_finder.ADVICE, pytrace=False)
    # Playwright's loop runs in this thread for as long as the browser lives, and Django takes that for async code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=[
                *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
                *("--disable-background-networking", "--disable-sync", "--no-first-run"),
            ],
        )
        yield browser
        browser.close()


@pytest.fixture
def hall(live_server, settings) -> str:
    """The address of the running hall; its rows are those of this test."""
    settings.BASE_URL = live_server.url
    return live_server.url


@pytest.fixture
def new_context(chromium: Browser, hall: str) -> Iterator[Callable[..., BrowserContext]]:
    """Open another browser of another person: `new_context(color_scheme="dark", viewport=..., ...)`."""
    contexts: list[BrowserContext] = []

    def open_context(**options) -> BrowserContext:
        context = chromium.new_context(**({"base_url": hall, "locale": "en-GB", "timezone_id": "UTC"} | options))
        context.set_default_timeout(15_000)
        contexts.append(context)
        return context

    yield open_context
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_context) -> Page:
    """The first page of the first person."""
    return new_context().new_page()


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[dict]]:
    """Return what axe finds wrong with a page: an empty list is what a test asks for."""
    tool = Axe()

    def violations(page: Page) -> list[dict]:
        # All of it at once: what lies below the fixed bar of a phone is not covered, it is further down.
        size = page.viewport_size
        # But not of the API's reference, which would take half a minute, and has no such bar.
        height = min(page.evaluate(WHOLE_HEIGHT), HEIGHT_MAX)
        page.set_viewport_size({**size, "height": max(size["height"], height)})
        response = tool.run(page, options=AXE_OPTIONS).response
        page.set_viewport_size(size)
        return [
            {
                "rule": found["id"],
                "says": found["help"],
                "at": [f"{node['html'][:200]}: {node['failureSummary']}" for node in found["nodes"]],
            }
            for found in response["violations"]
        ]

    return violations


class MailSink:
    """Every mail that was sent over SMTP in this test, in order; `begin` starts the worker, at the first who waits."""

    def __init__(self, begin: Callable[[], object]) -> None:
        self._begin: Callable[[], object] | None = begin
        self.mails: list[EmailMessage] = []
        self._arrived = threading.Condition()

    async def handle_DATA(self, server, session, envelope) -> str:
        mail = message_from_bytes(envelope.content, _class=EmailMessage, policy=policy.default)
        with self._arrived:
            self.mails.append(mail)
            self._arrived.notify_all()
        return "250 kept"

    def wait_for(self, *, to: str, subject: str = "") -> EmailMessage:
        """Return the newest mail to this address whose subject contains the words; wait until there is one."""

        def newest() -> EmailMessage | None:
            return next(
                (mail for mail in reversed(self.mails) if to in mail["To"] and subject in mail["Subject"]),
                None,
            )

        if self._begin:
            self._begin()
            self._begin = None
        with self._arrived:
            found = self._arrived.wait_for(newest, MAIL_SECONDS)
            assert found, f"no mail to {to} about {subject!r} among {[(m['To'], m['Subject']) for m in self.mails]}"
            return found


@pytest.fixture
def mail_sink(settings, hall) -> Iterator[MailSink]:
    """A real SMTP server that a real worker hands the hall's mails to, from the queue."""
    worker = [*("-m", "deploy.local.worker", "--app", "config", "worker", "--concurrency", "1"), *WORKER_OPTIONS]
    with ExitStack() as stack:
        sink = MailSink(lambda: stack.enter_context(faults.process(worker, env=env)))
        controller = Controller(sink, hostname="127.0.0.1", port=free_port())
        controller.start()
        stack.callback(controller.stop)
        settings.EMAIL_BACKEND = "emailqueue.backend.QueueBackend"
        env = {
            "EMAIL_URL": f"smtp://{controller.hostname}:{controller.port}",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "BASE_URL": hall,
        }
        yield sink
