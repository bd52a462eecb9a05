"""Reads an `Idempotency-Key`: a raw token, or a String of Structured Fields (RFC 9651). Plain values, no Django."""

import re

LENGTH_MAX = 255
VISIBLE = re.compile(r"[!-~]{1,255}", re.ASCII)
# A quoted String; parameters may follow it and mean nothing here.
QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"(?:\s*;[ -~]*)?', re.ASCII)


class MalformedKey(Exception):
    """The key is not one that the published policy allows; the message says what would be."""


def parse_header(raw: str) -> str:
    """Return the key of a header; two headers arrive joined by a comma, which only a quoted key may hold."""
    if "," in raw and not raw.lstrip(" \t").startswith('"'):
        raise MalformedKey("It holds a comma: there are two keys, or one that needs quotes.")
    return parse(raw)


def parse(raw: str) -> str:
    """Return the key that `raw` spells, the same for `"abc"` and `abc`. Raise MalformedKey."""
    text = raw.strip(" \t")
    if text.startswith('"'):
        match = QUOTED.fullmatch(text)
        if match is None:
            raise MalformedKey("It begins with a quote and is not a quoted string.")
        text = re.sub(r'\\(["\\])', r"\1", match[1])
    if not text:
        raise MalformedKey("It is empty.")
    if len(text) > LENGTH_MAX:
        raise MalformedKey(f"It has {len(text)} characters, and {LENGTH_MAX} is the most.")
    if VISIBLE.fullmatch(text) is None:
        raise MalformedKey("It may hold visible ASCII characters only, and no space.")
    return text
