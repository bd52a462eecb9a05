"""The fields of tus 1.0 (https://tus.io/protocols/resumable-upload), read and written. Plain values in and out."""

import base64
import binascii
import hashlib
import re
from typing import Any

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,creation-defer-length,termination,expiration,checksum"
ALGORITHMS = ("sha1", "sha256", "sha512", "md5")
BODY_TYPE = "application/offset+octet-stream"
LARGEST = 2**63 - 1
NUMBER = re.compile(r"\d{1,19}", re.ASCII)
KEY = re.compile(r"[!-+\--~]+", re.ASCII)
METADATA_LONGEST = 4000


class FieldWrong(ValueError):
    """A field cannot be read; `name` is its own, the message says what would be right."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


def number(name: str, field: str | None) -> int | None:
    """Return the whole number that a field holds, None for no field. Raise FieldWrong."""
    if field is None:
        return None
    if not NUMBER.fullmatch(field.strip()) or int(field) > LARGEST:
        raise FieldWrong(name, "Send a whole number of bytes, from 0 to 2^63 - 1.")
    return int(field)


def metadata(field: str | None) -> dict[str, str]:
    """Return the pairs of `Upload-Metadata`; an empty field, as tuspy sends it, is none. Raise FieldWrong."""
    found: dict[str, str] = {}
    if field is None or not field.strip():
        return found
    if len(field) > METADATA_LONGEST:
        raise FieldWrong("Upload-Metadata", f"Send at most {METADATA_LONGEST} characters.")
    for pair in field.split(","):
        key, _, value = pair.strip().partition(" ")
        if not KEY.fullmatch(key) or key in found:
            raise FieldWrong("Upload-Metadata", "Send pairs of a key, a space and a value in base64, each key once.")
        found[key] = _text(value.strip())
    return found


def _text(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeError) as error:
        raise FieldWrong("Upload-Metadata", "A value is not base64 of UTF-8.") from error


def checksum(field: str | None) -> tuple[Any, bytes] | None:
    """Return a hash to feed and the digest that it must come to, None for no field. Raise FieldWrong."""
    if field is None:
        return None
    name, _, value = field.strip().partition(" ")
    if name not in ALGORITHMS:
        raise FieldWrong("Upload-Checksum", f"Use one of {', '.join(ALGORITHMS)}.")
    try:
        digest = base64.b64decode(value.strip(), validate=True)
    except binascii.Error as error:
        raise FieldWrong("Upload-Checksum", "The digest is not base64.") from error
    return hashlib.new(name, usedforsecurity=False), digest
