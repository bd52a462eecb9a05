"""DKIM (RFC 6376): the hall's signature on a mail, by dkimpy."""

import dkim

# What a receiver relies on. RFC 8058, section 4: the two of one-click unsubscribing must be among them.
SIGNED = (
    *(b"from", b"to", b"cc", b"reply-to", b"subject", b"date", b"message-id", b"mime-version", b"content-type"),
    *(b"content-transfer-encoding", b"list-unsubscribe", b"list-unsubscribe-post"),
)


class KeyInvalid(ValueError):
    """No private RSA key in PEM."""


def sign(content: bytes, *, domain: str, selector: str, pem: bytes) -> bytes:
    """Return the DKIM-Signature field of a message, ending in CRLF. Raise KeyInvalid.

    Each header is named once more than it is there (RFC 6376, section 8.15): one that somebody adds on the way, such
    as a second subject, or a link to unsubscribe where there was none, breaks the signature.
    """
    head = content.partition(b"\r\n\r\n")[0]
    there = [line.partition(b":")[0].strip().lower() for line in head.split(b"\r\n") if line[:1] not in b" \t"]
    covered = [name for name in SIGNED for _ in range(there.count(name) + 1)]
    try:
        field: bytes = dkim.DKIM(content).sign(
            selector.encode(), domain.encode(), pem, canonicalize=(b"relaxed", b"relaxed"), include_headers=covered
        )
    except dkim.DKIMException as error:
        raise KeyInvalid(str(error)) from error
    return field
