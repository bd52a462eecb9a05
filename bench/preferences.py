"""Our theme beside the toggle of Django's own admin, which keeps the choice in the browser and sets it by script.

The page is the index of the admin on both sides, in Chromium, of an operator who chose dark; the system is light. Each
load is looked at frame by frame, and is wrong when any frame of the page is light. *Another page* is loaded in the
browser in which dark was chosen (ours: on the account; the peer: with its toggle, in that browser). *A new device* is
a browser of which nothing is known but that the same person is signed in. Without script the peer's toggle cannot be
pressed, so its choice is put where the toggle keeps it. Scripts that hold back the first paint are those that Chromium
itself reports as render-blocking; *script about themes* is every `theme.js`: ours lets open tabs follow a change and
runs after the page is painted.

The cost is that of a trivial page of somebody signed in with and without the middleware that decides the theme, asked
through the WSGI handler; nothing else differs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, partial

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from bench.contenders import Contender
from bench.rounds import compare
from deploy.local import chromium
from tests.browser.paints import edge_colours

PAGE = "/admin/"
LOADS = 5
REQUESTS = 400
ROUNDS = 15
DARKEST_LIGHT = 128
BLOCKING = """() => {
  const scripts = performance.getEntriesByType("resource").filter((entry) => entry.initiatorType === "script");
  const blocking = scripts.filter((entry) => entry.renderBlockingStatus === "blocking");
  const themes = scripts.filter((entry) => entry.name.endsWith("/theme.js"));
  const bytes = (entries) => entries.reduce((sum, entry) => sum + entry.decodedBodySize, 0);
  return {
    "scripts that hold back the first paint": blocking.length,
    "bytes of script that hold back the first paint": bytes(blocking),
    "bytes of script about themes": bytes(themes),
  };
}"""


class Hall:
    """One side, served to Chromium, with an operator who chose dark."""

    def __init__(self, settings: str, browser: Browser) -> None:
        self.contender = Contender("bench.sides.preferences", settings=settings)
        self.contender("add_operator", mode="dark")
        self.address = self.contender("serve")
        self.browser = browser

    @contextmanager
    def device(self, *, chosen: bool, script: bool = True) -> Iterator[BrowserContext]:
        """Open a browser in which the operator is signed in; `chosen`: the one in which they chose dark."""
        where = {"storage_state": self.choice} if chosen else {}
        context = self.browser.new_context(
            base_url=self.address, color_scheme="light", java_script_enabled=script, **where
        )
        context.add_cookies([self.contender("sign_in") | {"url": self.address}])
        yield context
        context.close()

    @cached_property
    def choice(self) -> dict:
        """Return what a browser holds after its person chose dark in it; ours keeps the choice on the account."""
        with self.device(chosen=False) as context:
            page = context.new_page()
            page.goto(PAGE)
            toggle = page.locator("button.theme-toggle").first
            while toggle.count() and page.locator("html").get_attribute("data-theme") != "dark":
                toggle.click()
            assert page.locator("html").get_attribute("data-theme") == "dark"
            return context.storage_state()

    def wrong_loads(self, *, chosen: bool, script: bool = True) -> int:
        """Return how many of so many first pages in a browser showed a frame that was not dark."""
        wrong = 0
        for _ in range(LOADS):
            with self.device(chosen=chosen, script=script) as context:
                colours = edge_colours(context.new_page(), PAGE)
                assert colours
                wrong += any(max(colour) >= DARKEST_LIGHT for colour in colours)
        return wrong

    def scripts(self) -> dict[str, float]:
        with self.device(chosen=True) as context:
            page = context.new_page()
            page.goto(PAGE, wait_until="load")
            return page.evaluate(BLOCKING)


def main() -> None:
    path = chromium.find()
    assert path, chromium.ADVICE
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        ours, peer = Hall("config.settings", browser), Hall("bench.settings.admin", browser)
        looking(ours, peer)
        browser.close()
    for side in (ours, peer):
        side.contender.stop()
    cost()


def looking(ours: Hall, peer: Hall) -> None:
    for case, device in (
        ("another page", {"chosen": True}),
        ("a new device", {"chosen": False}),
        ("another page, without script", {"chosen": True, "script": False}),
    ):
        compare(
            f"loads with a light frame: {case}",
            ours=partial(ours.wrong_loads, **device),
            peers={"Django's admin": partial(peer.wrong_loads, **device)},
            unit=f"of {LOADS}",
            warmups=0,
        )
    compare(
        "a page",
        ours=ours.scripts,
        peers={"Django's admin": peer.scripts},
        unit={
            "scripts that hold back the first paint": "scripts",
            "bytes of script that hold back the first paint": "bytes",
            "bytes of script about themes": "bytes",
        },
        warmups=0,
    )


def cost() -> None:
    themed = Contender("bench.sides.sessions_app", settings="bench.settings.themed")
    plain = Contender("bench.sides.sessions_app", settings="bench.settings.ours")
    themed("begin")
    plain("begin")
    compare(
        "a trivial page",
        ours=partial(themed, "requests", times=REQUESTS),
        peers={"without themes": partial(plain, "requests", times=REQUESTS)},
        unit={"p50": "ms", "p99": "ms", "SQL statements": "statements"},
        rounds=ROUNDS,
    )
    themed.stop()
    plain.stop()


if __name__ == "__main__":
    main()
