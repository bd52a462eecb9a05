"""The words of an HTML mail, for whoever reads mail as text. Plain values in and out; no input raises."""

import re
from html.parser import HTMLParser
from textwrap import fill

WIDTH = 72
SILENT = {"style", "script", "head", "title"}
BLOCKS = {
    "p",
    "div",
    "h1",
    "h2",
    "h3",
    "ul",
    "ol",
    "table",
    "tr",
    "main",
    "footer",
    "section",
    "blockquote",
    "body",
    "hr",
}


def plain_text(html: str) -> str:
    """Return the text of the page: paragraphs apart, list items with dashes, each link with where it leads."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self._blocks: list[str] = [""]
        self._silent = 0
        self._link: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self._silent += 1
        elif tag in BLOCKS:
            self._blocks.append("")
        elif tag == "li":
            self._blocks.append("- ")
        elif tag == "br":
            self._blocks[-1] += "\n"
        elif tag in {"td", "th"} and self._blocks[-1]:
            self._blocks[-1] += " "
        elif tag == "a":
            self._link.append((dict(attrs).get("href") or "", len(self._blocks[-1])))
        elif tag == "img":
            self._blocks[-1] += dict(attrs).get("alt") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in BLOCKS:
            self._blocks.append("")
        elif tag == "a" and self._link:
            address, start = self._link.pop()
            if address.startswith(("http://", "https://")) and self._blocks[-1][start:].strip() != address:
                # On a line of its own, whole: mail programs make a link of it.
                self._blocks[-1] += f":\n{address}\n"

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._blocks[-1] += re.sub(r"[ \t\r\n\f]+", " ", data)

    def text(self) -> str:
        found: list[str] = []
        for block in self._blocks:
            lines = [_wrapped(line) for line in (each.strip() for each in block.split("\n")) if line]
            if lines:
                words = "\n".join(lines)
                together = words.startswith("- ") and found and found[-1].startswith("- ")
                if together:
                    found[-1] += "\n" + words
                else:
                    found.append(words)
        return "\n\n".join(found) + "\n" if found else ""


def _wrapped(line: str) -> str:
    if len(line) <= WIDTH or "://" in line:
        return line
    indent = "  " if line.startswith("- ") else ""
    return fill(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
