"""Which colours a page painted, from its first frame on: what the eye sees, not what the style says."""

import base64
import io

from PIL import Image
from playwright.sync_api import Page

# No theme has it: frames of this colour were painted before the page that is looked at.
BEFORE = (255, 0, 255)
NEAR = 6


def corner_colours(page: Page, path: str) -> list[tuple[int, int, int]]:
    """Go to the path; return the colour of the page's corner in each frame that was painted of it, in order.

    The frames come from the browser's own compositor (DevTools protocol, Page.startScreencast).
    """
    # A page of the same origin, painted over: the browser then holds it until the next one has something to show.
    page.goto("/healthz")
    page.evaluate("document.documentElement.style.background = 'rgb(255, 0, 255)'")
    frames: list[bytes] = []
    cdp = page.context.new_cdp_session(page)

    def keep(event: dict) -> None:
        frames.append(base64.b64decode(event["data"]))
        cdp.send("Page.screencastFrameAck", {"sessionId": event["sessionId"]})

    cdp.on("Page.screencastFrame", keep)
    cdp.send("Page.startScreencast", {"format": "png", "everyNthFrame": 1})
    page.goto(path, wait_until="load")
    cdp.send("Runtime.evaluate", {"expression": TWO_FRAMES, "awaitPromise": True})
    cdp.send("Page.stopScreencast")
    cdp.detach()
    frames.append(page.screenshot())
    colours = [_corner(frame) for frame in frames]
    return [colour for colour in colours if not near(colour, BEFORE)]


# The compositor has shown what was painted before it when two more frames were asked for.
TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50))))"


def near(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    return all(abs(a - b) <= NEAR for a, b in zip(one, other, strict=True))


def _corner(frame: bytes) -> tuple[int, int, int]:
    """Return the colour at the bottom left, where no page has anything but its canvas."""
    image = Image.open(io.BytesIO(frame)).convert("RGB")
    return image.getpixel((2, image.height // 2))
