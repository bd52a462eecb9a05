"""A mail as the bytes that a server takes (RFC 5322, 2045–2047, 6532). Plain values in and out.

The same mail is the same bytes at each attempt: boundaries come from its Message-ID, its date is when it was asked for.
Bcc is no argument, so that it cannot leak.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import NamedTuple

LINE_MAX = 998
FOLD_AT = 76
NAME = re.compile(r"[!-9;-~]{1,76}", re.A)
BREAK = re.compile("[\r\n\x00\u2028\u2029\x0b\x0c\x85\ud800-\udfff]")
LONG_LINE = re.compile(r"[^\r\n]{991}")
NEWLINE = re.compile(r"\r\n|\r|\n")
CONTENT_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}", re.A)
CRLF = b"\r\n"


class HeaderInvalid(ValueError):
    """A header field that cannot be sent; the message is for the person."""


class File(NamedTuple):
    name: str
    content_type: str
    content: bytes


def compose(
    *,
    headers: Iterable[tuple[str, str]],
    message_id: str,
    text: str,
    html: str = "",
    files: Sequence[File] = (),
) -> bytes:
    """Return the whole message. `headers` are complete but for those of MIME."""
    parts = []
    if text or not html:
        parts.append(_text_part("plain", text))
    if html:
        parts.append(_text_part("html", html))
    body = parts[0] if len(parts) == 1 else _multipart("alternative", parts, message_id)
    if files:
        body = _multipart("mixed", [body, *map(_file_part, files)], message_id)
    lines = [header_line(name, value) for name, value in headers]
    return b"".join([*lines, b"MIME-Version: 1.0\r\n", body])


@lru_cache(maxsize=256)
def date(at: datetime) -> str:
    return format_datetime(at)


@lru_cache(maxsize=4096)
def header_line(name: str, value: str) -> bytes:
    """Return one header field, folded, ending in CRLF. Raise HeaderInvalid."""
    if not NAME.fullmatch(name):
        raise HeaderInvalid("The name of a header is visible ASCII without a colon.")
    if BREAK.search(value):
        raise HeaderInvalid(f"{name} holds a line break or a character that no header can hold.")
    if not value.isascii():
        if "@" in value and "=?" not in value and name.lower() in {"from", "to", "cc", "reply-to", "sender"}:
            # An address beyond ASCII goes as UTF-8 to a server that takes it (RFC 6532).
            return _folded(name, value)
        value = _encoded_words(value, room=FOLD_AT - len(name) - 2)
        return f"{name}: {value}\r\n".encode("ascii")
    return _folded(name, value)


def _folded(name: str, value: str) -> bytes:
    if len(name) + len(value) + 2 <= FOLD_AT:
        return f"{name}: {value}\r\n".encode()
    lines, line = [], f"{name}:"
    for word in value.split(" "):
        if len(line) + len(word) + 1 > FOLD_AT and line.strip() and not line.endswith(":"):
            lines.append(line)
            line = ""
        line += f" {word}"
    lines.append(line)
    if any(len(each.encode()) > LINE_MAX for each in lines):
        raise HeaderInvalid(f"{name} holds a word of more than {LINE_MAX} octets.")
    return "\r\n".join(lines).encode() + CRLF


def _encoded_words(value: str, *, room: int) -> str:
    """Return RFC 2047 words of at most 75 characters, no character cut in two."""
    words, chunk = [], b""
    limit = max(12, min(45, (room - 12) * 3 // 4))
    for character in value:
        encoded = character.encode()
        if len(chunk) + len(encoded) > limit:
            words.append(chunk)
            chunk, limit = b"", 45
        chunk += encoded
    words.append(chunk)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word).decode()}?=" for word in words)


def _text_part(subtype: str, text: str) -> bytes:
    content = NEWLINE.sub("\r\n", text)
    if not content.endswith("\r\n"):
        content += "\r\n"
    if content.isascii() and not LONG_LINE.search(content) and "\0" not in content:
        head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: 7bit\r\n\r\n'
        return (head + content).encode("ascii")
    raw = content.encode("utf-8", "replace")
    beyond = len(raw) - sum(map(str.isascii, content))
    if beyond * 6 < len(raw):
        # As one line after another, so that a break in the text stays one in the mail.
        lines = [binascii.b2a_qp(line, istext=True, quotetabs=False) for line in raw.split(CRLF)]
        encoded, how = CRLF.join(line.replace(b"=\n", b"=\r\n") for line in lines), "quoted-printable"
    else:
        encoded, how = base64.encodebytes(raw).replace(b"\n", CRLF), "base64"
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: {how}\r\n\r\n'
    return head.encode() + encoded


def _file_part(file: File) -> bytes:
    kind = file.content_type.lower() if CONTENT_TYPE.fullmatch(file.content_type.lower()) else ""
    if not kind or kind.startswith(("multipart/", "message/")):
        kind = "application/octet-stream"
    check_file_name(file.name)
    if file.name.isascii() and not set(file.name) & set('"\\'):
        name = f'filename="{file.name}"'
    else:
        # RFC 5987, as RFC 2231 has it.
        escaped = "".join(
            chr(byte) if (chr(byte).isalnum() and byte < 128) or byte in b"-._~" else f"%{byte:02X}"
            for byte in file.name.encode()
        )
        name = f"filename*=utf-8''{escaped}"
    head = f"Content-Type: {kind}\r\nContent-Disposition: attachment;\r\n {name}\r\n"
    content = base64.encodebytes(file.content).replace(b"\n", CRLF)
    return f"{head}Content-Transfer-Encoding: base64\r\n\r\n".encode() + content


def check_file_name(name: str) -> None:
    """Raise HeaderInvalid for a name that no header can hold."""
    if BREAK.search(name):
        raise HeaderInvalid("The name of a file holds a line break or a character that no header can hold.")


def _multipart(subtype: str, parts: Sequence[bytes], message_id: str) -> bytes:
    # 20 hex digits of a digest stand in no part by chance, nor by design of somebody who does not know the Message-ID.
    boundary = f"={subtype[0]}_{hashlib.sha256(f'{subtype} {message_id}'.encode()).hexdigest()[:20]}"
    mark = f"--{boundary}".encode()
    head = f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n\r\n'.encode()
    return head + b"".join(mark + CRLF + part + CRLF for part in parts) + mark + b"--\r\n"
