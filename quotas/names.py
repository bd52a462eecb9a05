"""Names that people give to files, made harmless, and what a name says of what is inside. Plain values in and out."""

import mimetypes
import re
import unicodedata

LONGEST = 200
UNNAMED = "unnamed"
# Marks that let a name read as another one: directions (U+202E turns "gpj.exe" around), and what is not seen.
UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u061c]")
# What types are called by, wherever it runs: the table of Python alone, and not the machine's.
TYPES = mimetypes.MimeTypes()
PLAIN_BYTES = "application/octet-stream"
# What a browser may show by itself: nothing of these can run a script.
SHOWN = {
    *("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp"),
    *("audio/mpeg", "audio/ogg", "audio/wav", "audio/x-wav", "video/mp4", "video/webm", "video/ogg"),
    *("text/plain",),
}
DRAWN = {"image/png", "image/jpeg", "image/gif", "image/webp"}
ARCHIVES = {
    *("application/zip", "application/x-tar", "application/gzip", "application/x-7z-compressed"),
    *("application/x-bzip2", "application/x-xz", "application/vnd.rar"),
}


def clean(name: str) -> str:
    """Return a name that is one step of a path and reads as what it is, of at most 200 characters."""
    name = name.encode("utf-8", "replace").decode("utf-8")
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    name = UNSEEN.sub("", name)
    name = "".join(" " if unicodedata.category(each) in {"Cc", "Zl", "Zp", "Cs", "Co", "Cn"} else each for each in name)
    name = " ".join(name.split()).strip(". ")
    return _shortened(name) or UNNAMED


def _shortened(name: str) -> str:
    if len(name) <= LONGEST:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 16:
        return name[:LONGEST].rstrip()
    return stem[: LONGEST - len(ending) - 1].rstrip() + dot + ending


def numbered(name: str, number: int) -> str:
    """Return the name with a number before its ending: `plan (2).pdf`."""
    stem, dot, ending = name.rpartition(".")
    if not dot or not stem:
        stem, dot, ending = name, "", ""
    mark = f" ({number})"
    return stem[: LONGEST - len(mark) - len(dot) - len(ending)].rstrip() + mark + dot + ending


def content_type(name: str) -> str:
    """Return the media type that the ending stands for."""
    found, encoding = TYPES.guess_type(f"file:{name.replace(':', '_')}", strict=True)
    if encoding:
        return {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}.get(
            encoding, PLAIN_BYTES
        )
    return found or PLAIN_BYTES


def kind(media: str) -> str:
    """Return which of the six kinds a media type is: image, video, audio, document, archive, other."""
    main = media.partition("/")[0]
    if main in {"image", "video", "audio"}:
        return main
    if media in ARCHIVES:
        return "archive"
    office = "officedocument" in media or "opendocument" in media or media.startswith("application/vnd.ms-")
    if main == "text" or office or media in {"application/pdf", "application/msword", "application/json"}:
        return "document"
    return "other"
