"""Returned mails on their way in: from a maildir, from a pipe, from the listener."""

from email import message_from_bytes
from pathlib import Path

from emailqueue.services import reports

BYTES_MAX = 10 * 1024 * 1024


def take_mail(*, raw: bytes, return_paths: tuple[str, ...] = (), source: str = "bounce") -> int:
    """Take in one mail; return how many recipients it was about. Without envelope, the headers say where it came to."""
    head = raw[:64_000].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    message = message_from_bytes(head)
    named = [str(value) for name in ("Delivered-To", "X-Original-To", "To") for value in message.get_all(name, [])]
    paths = [path.strip().strip("<>") for path in (*return_paths, *named)]
    # Only a return path of ours names a mail; the first that does counts.
    ours = next((path for path in paths if reports.names_a_mail(return_path=path)), "")
    return reports.take_bounce(raw=raw, return_path=ours, source=source)


def take_maildir(*, folder: Path, limit: int | None = None) -> tuple[int, int]:
    """Take in the mails of `new/`, moving each to `cur/` afterwards; return how many were read, and taken."""
    read = taken = 0
    for path in sorted((folder / "new").iterdir()):
        if limit is not None and read >= limit:
            break
        if path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as mail:
            taken += take_mail(raw=mail.read(BYTES_MAX), source="maildir")
        # Seen (maildir's flag S). When this process ends before, the mail is read again: once more the same facts.
        path.rename(folder / "cur" / f"{path.name}:2,S")
        read += 1
    return read, taken
