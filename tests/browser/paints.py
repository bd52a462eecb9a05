"""Which colours a page painted, from its first frame on: what the eye sees, not what the style says."""

import base64
import io
import json

from PIL import Image
from playwright.sync_api import Page

# No theme has anything like it: frames of this colour were painted before the page that is looked at.
BEFORE = (255, 0, 255)
# The frames are JPEG, which is nearly right about quiet colours and far off about loud ones.
NEAR = 8
NEAR_BEFORE = 60
CATEGORIES = ["disabled-by-default-devtools.screenshot", "loading"]


def edge_colours(page: Page, path: str) -> list[tuple[int, int, int]]:
    """Go to the path; return the colour of the page's edge in each frame that was painted of it, in order.

    The frames come from the browser's own compositor (the screenshots of Chromium's tracing). What it shows before
    the page's first paint is no frame of the page: on a slow machine, a blank of the browser's.
    """
    # A page of the same origin, painted over: the browser then holds it until the next one has something to show.
    page.goto("/healthz")
    page.evaluate("document.documentElement.style.background = 'rgb(255, 0, 255)'")
    browser = page.context.browser
    assert browser is not None
    browser.start_tracing(page=page, screenshots=True, categories=CATEGORIES)
    try:
        page.goto(path, wait_until="load")
        # Each asks the compositor for a frame of its own, also where the page may run no script: what was painted
        # before it is in the trace.
        pictures = [page.screenshot() for _ in range(2)]
    finally:
        trace = json.loads(browser.stop_tracing())
    # The last one: under load, that of the page before may come late.
    first_paint = max(event["ts"] for event in trace["traceEvents"] if event["name"] == "firstPaint")
    frames = [
        base64.b64decode(event["args"]["snapshot"])
        for event in trace["traceEvents"]
        if event["name"] == "Screenshot" and event["ts"] >= first_paint
    ]
    colours = [_edge(frame) for frame in frames + pictures]
    return [colour for colour in colours if not near(colour, BEFORE, NEAR_BEFORE)]


def near(one: tuple[int, int, int], other: tuple[int, int, int], reach: int = NEAR) -> bool:
    return all(abs(a - b) <= reach for a, b in zip(one, other, strict=True))


def _edge(frame: bytes) -> tuple[int, int, int]:
    """Return the colour half-way down the left edge, where no page has anything but its canvas."""
    image = Image.open(io.BytesIO(frame)).convert("RGB")
    return image.getpixel((2, image.height // 2))
