"""Markdown to the HTML that is stored and shown: CommonMark, tables, strikethrough and links that are just written.

Plain text in, safe HTML out. `VERSION` stands beside everything that was rendered, so that what an older renderer made
can be found and made anew.
"""

import nh3
from markdown_it import MarkdownIt

VERSION = 1

TAGS = {
    *("p", "br", "hr", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li", "pre", "code"),
    *("em", "strong", "s", "a", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
REL = "nofollow ugc noopener"
# Of a table cell, markdown-it's own spelling; a style attribute never passes.
SCHEMES = {"http", "https", "mailto"}
# A page has its own first two levels of headings.
HEADINGS_DOWN = 2


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True, "maxNesting": 20})
    # No images: those come through the file store only.
    parser.enable(["table", "strikethrough", "linkify"]).disable("image")
    return parser


_markdown = _parser()


def render(text: str) -> str:
    """Return safe HTML for a Markdown text; the same text always gives the same HTML."""
    tokens = _markdown.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1]) + HEADINGS_DOWN)}"
    html = _markdown.renderer.render(tokens, _markdown.options, {})
    return nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel=REL)
