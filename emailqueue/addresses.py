"""Mail addresses as people type them and as servers take them (RFC 5321, 5322, 6531). Plain values in and out.

An address is kept in lower case with its domain in ASCII: that is how opt-outs, suppressions and bounces find it again.
RFC 5321 lets a server tell `A@` from `a@`; none that people have an account with does.
"""

import re
from email.header import Header
from email.utils import parseaddr
from typing import NamedTuple

LENGTH_MAX = 254
LOCAL_MAX = 64
NAME_MAX = 200
PLAIN = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9-]{1,63}", re.A
)
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.A)
CONTROL = re.compile("[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")
# What may stand before the @ without quotes (RFC 5322 atext and dots, RFC 6531 beyond ASCII).
LOCAL = re.compile(r"[^\s\x00-\x20\x7f()<>\[\]:;@\\,\"]+")


class AddressInvalid(ValueError):
    """It is no address that mail can go to; the message is for the person and does not repeat it whole."""


class Address(NamedTuple):
    name: str
    mailbox: str

    @property
    def domain(self) -> str:
        return self.mailbox.rpartition("@")[2]

    @property
    def header(self) -> str:
        """As it stands in a header field: the name in words that ASCII can carry."""
        if not self.name:
            return self.mailbox
        if self.name.isascii():
            quoted = self.name.replace("\\", r"\\").replace('"', r"\"")
            return f'"{quoted}" <{self.mailbox}>'
        return f"{Header(self.name, 'utf-8', maxlinelen=10_000).encode(linesep='')} <{self.mailbox}>"


def parse(text: str) -> Address:
    """Return the one address in `text`, with or without a name. Raise AddressInvalid."""
    lowered = text.lower() if isinstance(text, str) else ""
    if len(lowered) <= LENGTH_MAX and PLAIN.fullmatch(lowered):
        return Address("", lowered)
    if not isinstance(text, str) or not text.strip():
        raise AddressInvalid("An address is needed.")
    if CONTROL.search(text):
        raise AddressInvalid(f"{_shown(text)} holds a line break or a control character.")
    name, mailbox = parseaddr(text)
    if not mailbox:
        raise AddressInvalid(f"{_shown(text)} is no mail address: it looks like name@example.org.")
    return Address(name.strip()[:NAME_MAX], mailbox_of(mailbox))


def mailbox_of(text: str) -> str:
    """Return a bare address as it is kept. Raise AddressInvalid."""
    text = text.strip()
    if len(text) <= LENGTH_MAX and PLAIN.fullmatch(text.lower()):
        return text.lower()
    if CONTROL.search(text):
        raise AddressInvalid(f"{_shown(text)} holds a line break or a control character.")
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain:
        raise AddressInvalid(f"{_shown(text)} has no domain: an address looks like name@example.org.")
    if len(local.encode()) > LOCAL_MAX:
        raise AddressInvalid(f"{_shown(text)} has more than {LOCAL_MAX} characters before the @.")
    if not LOCAL.fullmatch(local):
        raise AddressInvalid(f"{_shown(text)} has characters before the @ that no address has.")
    mailbox = f"{local.lower()}@{domain_of(domain)}"
    if len(mailbox) > LENGTH_MAX or len(mailbox.encode()) > LENGTH_MAX:
        raise AddressInvalid(f"{_shown(text)} is longer than {LENGTH_MAX} characters.")
    return mailbox


def as_written_to(text: str) -> str:
    """Return an address as the queue keeps it, to look for it: capitals and domains beyond ASCII are known again.

    What is no address comes back as it is: nothing was ever written to it.
    """
    try:
        return mailbox_of(text)
    except AddressInvalid:
        return text[:LENGTH_MAX]


def domain_of(domain: str) -> str:
    """Return a domain in ASCII (RFC 3490). Raise AddressInvalid."""
    try:
        found = domain.encode("idna").decode().lower()
    except UnicodeError:
        found = ""
    if not found or not all(LABEL.fullmatch(label) for label in found.split(".")):
        raise AddressInvalid(f"{_shown(domain)} is no domain.")
    return found


def _shown(text: str) -> str:
    clean = CONTROL.sub("�", text)
    return f"“{clean[:60]}…”" if len(clean) > 60 else f"“{clean}”"
