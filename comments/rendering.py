"""Markdown to the HTML that is stored and shown: CommonMark, tables, strikethrough, mentions and links just written.

Plain text in, safe HTML out. `VERSION` stands beside everything that was rendered, so that what an older renderer made
can be found and made anew. A text that nests too deep, or that would take too long, is refused and never half shown.
"""

import re
import threading
import time

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline

VERSION = 2

TAGS = {
    *("p", "br", "hr", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li", "pre", "code"),
    *("em", "strong", "s", "a", "b", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
REL = "nofollow ugc noopener"
# Of a table cell, markdown-it's own spelling; a style attribute never passes.
SCHEMES = {"http", "https", "mailto"}
CLASSES = {"b": {"mention"}}
# A page has its own first two levels of headings.
HEADINGS_DOWN = 2

SECONDS = 1.0
NESTING_MAX = 20
MENTION = re.compile(r"@([^\W_][\w.-]{0,38}[^\W_]|[^\W_])")
# Quotes and lists in one another at the beginning of a line.
NESTED = re.compile(rf"^(?:[ \t]*(?:>|[-+*][ \t]|\d{{1,9}}[.)][ \t])){{{NESTING_MAX + 1}}}", re.MULTILINE)


class TooMuch(ValueError):
    """The text nests too deep or takes too long; the message is for the person."""


_due = threading.local()


def _look_at_the_clock() -> None:
    if time.monotonic() > _due.at:
        raise TooMuch("This takes too long to lay out. Use fewer brackets, stars and quotes.")


def _block_clock(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    _look_at_the_clock()
    return False


def _inline_clock(state: StateInline, silent: bool) -> bool:
    _look_at_the_clock()
    return False


def _closing_clock(state: StateInline) -> None:
    _look_at_the_clock()


def _core_clock(state: StateCore) -> None:
    _look_at_the_clock()


def _mention(state: StateInline, silent: bool) -> bool:
    """Take `@name` where no word ends: a mail address is none."""
    if state.src[state.pos] != "@" or (state.pos and (state.src[state.pos - 1].isalnum() or state.linkLevel)):
        return False
    found = MENTION.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        token = state.push("mention_open", "b", 1)
        token.attrs = {"class": "mention"}
        state.push("text", "", 0).content = found[0]
        state.push("mention_close", "b", -1)
    state.pos = found.end()
    return True


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True, "maxNesting": NESTING_MAX})
    # No images: those come through the file store only.
    parser.enable(["table", "strikethrough", "linkify"]).disable("image")
    parser.block.ruler.before("table", "clock", _block_clock, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    parser.inline.ruler.before("text", "clock", _inline_clock)
    parser.inline.ruler.after("backticks", "mention", _mention)
    parser.inline.ruler2.before("balance_pairs", "clock", _closing_clock)
    parser.core.ruler.before("linkify", "clock", _core_clock)
    return parser


_markdown = _parser()


def render(text: str, *, seconds: float = SECONDS) -> str:
    """Return safe HTML for a Markdown text; the same text always gives the same HTML. Raise TooMuch."""
    if NESTED.search(text):
        raise TooMuch(f"Quotes and lists can be at most {NESTING_MAX} deep.")
    _due.at = time.monotonic() + seconds
    tokens = _markdown.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1]) + HEADINGS_DOWN)}"
    html = _markdown.renderer.render(tokens, _markdown.options, {})
    return clean(html)


def clean(html: str) -> str:
    """Return the HTML without whatever the renderer does not make."""
    return nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        allowed_classes=CLASSES,
        url_schemes=SCHEMES,
        link_rel=REL,
    )


def mentioned(html: str) -> set[str]:
    """Return the names that a rendered text mentions, lower-case and without the sign."""
    return {name.casefold() for name in re.findall(r'<b class="mention">@([^<]+)</b>', html)}


def quoted(text: str) -> str:
    """Return a text as the beginning of an answer to it."""
    return "".join(f"> {line}\n" if line else ">\n" for line in text[:1000].splitlines()) + "\n"
