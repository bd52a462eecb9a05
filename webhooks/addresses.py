"""Where a webhook may go: URLs as people write them, and the addresses that are really connected to.

Plain values in and out. An address is public only if it is globally reachable unicast that no special-purpose registry
of IANA names (https://www.iana.org/assignments/iana-ipv4-special-registry, .../iana-ipv6-special-registry), and if the
IPv4 address that it may carry inside is public too. Python's `is_global` alone does not say that.
"""

import re
import unicodedata
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import NamedTuple
from urllib.parse import urlsplit

import idna

Address = IPv4Address | IPv6Address

URL_MAX = 2000
HOST_MAX = 253
# Ports that browsers refuse, because what listens there takes a line of a request for one of its own
# (https://fetch.spec.whatwg.org/#port-blocking).
PORTS_REFUSED = frozenset(
    {
        *(1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109),
        *(110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530),
        *(531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045),
        *(4190, 5060, 5061, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080, 11211),
    }
)
# Names that mean this machine or its network wherever they are asked (RFC 6761, RFC 6762, RFC 8375, RFC 9476).
NAMES_REFUSED = frozenset(
    {"localhost", "localdomain", "local", "internal", "home.arpa", "onion", "test", "invalid", "alt", "arpa"}
)
FORBIDDEN_IN_HOST = re.compile(r"[\x00-\x20\"#%/:<>?@\[\\\]^`{|}\x7f]")

IPV4_REFUSED = [
    (IPv4Network(network), words)
    for network, words in {
        "0.0.0.0/8": "this network",
        "10.0.0.0/8": "private",
        "100.64.0.0/10": "shared by carriers",
        "127.0.0.0/8": "loopback",
        "169.254.0.0/16": "link-local",
        "172.16.0.0/12": "private",
        "192.0.0.0/24": "for protocols",
        "192.0.2.0/24": "for documentation",
        "192.31.196.0/24": "AS112",
        "192.52.193.0/24": "AMT",
        "192.88.99.0/24": "6to4 relays",
        "192.168.0.0/16": "private",
        "192.175.48.0/24": "AS112",
        "198.18.0.0/15": "for measurements",
        "198.51.100.0/24": "for documentation",
        "203.0.113.0/24": "for documentation",
        "224.0.0.0/4": "multicast",
        "240.0.0.0/4": "reserved",
        # Answers as the host of a virtual machine, from inside of one cloud only.
        "168.63.129.16/32": "a cloud's own service",
    }.items()
]
# The only global unicast that IANA hands out; everything else is refused without being named.
IPV6_GLOBAL = IPv6Network("2000::/3")
IPV6_REFUSED = [
    (IPv6Network(network), words)
    for network, words in {
        "2001:db8::/32": "for documentation",
        "2001::/23": "for protocols",
        "2620:4f:8000::/48": "AS112",
        "3fff::/20": "for documentation",
    }.items()
]
IPV6_NAMED = [
    (IPv6Network(network), words)
    for network, words in {
        "::/128": "unspecified",
        "::1/128": "loopback",
        "fc00::/7": "private",
        "fe80::/10": "link-local",
        "fec0::/10": "site-local",
        "ff00::/8": "multicast",
        "100::/64": "discard-only",
        "5f00::/16": "segment routing",
    }.items()
]
NAT64 = IPv6Network("64:ff9b::/96")
MAPPED = IPv6Network("::ffff:0:0/96")
TRANSLATED = IPv6Network("::ffff:0:0:0/96")
COMPATIBLE = IPv6Network("::/96")
NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
TEREDO = IPv6Network("2001::/32")
SIX_TO_FOUR = IPv6Network("2002::/16")
# Where an ISATAP interface says which IPv4 address it tunnels to (RFC 5214, section 6.1).
ISATAP = frozenset({0x00005EFE, 0x02005EFE})


class Refused(ValueError):
    """This URL or address is no place for a webhook; the message says why, to the person who typed it."""


class Target(NamedTuple):
    """A URL as it is stored: `url` is the one spelling of it, `address` the host when it is one."""

    url: str
    scheme: str
    host: str
    port: int
    address: Address | None


def read_url(text: str, *, plain_http: bool = False, allowed: Iterable[str] = ()) -> Target:
    """Return the URL in its one spelling; raise Refused.

    `plain_http` lets http through. `allowed` holds addresses that may be reached although they are not public, each
    `ADDRESS:PORT` or `ADDRESS:*`. A name is not looked up here: its addresses are checked when they are connected to.
    """
    text = _whole(text)
    scheme, host, port = _parts(text, plain_http)
    address = _literal(host)
    if address is not None:
        check(address, port, allowed=allowed)
        host = f"[{address}]" if address.version == 6 else str(address)
    else:
        host = _name(host)
    if port in PORTS_REFUSED:
        raise Refused(f"Port {port} belongs to another protocol. Use the port of a web server, such as 443.")
    standard = {"https": 443, "http": 80}[scheme]
    rest = urlsplit(text)
    path = re.sub(r"[^!-~]", _percent, rest.path) or "/"
    query = f"?{re.sub(r'[^!-~]', _percent, rest.query)}" if rest.query else ""
    url = f"{scheme}://{host}{'' if port == standard else f':{port}'}{path}{query}"
    if len(url) > URL_MAX:
        raise Refused(f"The URL has more than {URL_MAX} characters.")
    return Target(url, scheme, host.strip("[]"), port, address)


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode())


def _whole(text: str) -> str:
    if len(text) > URL_MAX:
        raise Refused(f"The URL has more than {URL_MAX} characters.")
    # Before any parser: it would drop some of these without a word.
    if re.search(r"[\x00-\x20\x7f\\]|[\ud800-\udfff]", text):
        raise Refused("A URL has no spaces, control characters or backslashes.")
    return text


def _parts(text: str, plain_http: bool) -> tuple[str, str, int]:
    scheme, separator, _ = text.partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in ("https", "http"):
        raise Refused("A URL begins with https://.")
    if scheme == "http" and not plain_http:
        raise Refused("Use https://, so that nobody on the way can read along.")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise Refused("This is no URL: look at its host and its port.") from error
    if "@" in parts.netloc:
        raise Refused("A URL with a user name or a password in it is refused; use a custom header.")
    if parts.fragment or "#" in text:
        raise Refused("Leave out what follows the #; it is never sent.")
    host = parts.hostname or ""
    if not host:
        raise Refused("The URL names no host.")
    if "[" in parts.netloc and ":" not in host:
        raise Refused("What stands in the brackets is no IPv6 address.")
    if port == 0:
        raise Refused("Port 0 cannot be connected to.")
    if parts.netloc.endswith(":"):
        raise Refused("The URL names no port after the colon.")
    return scheme, host, port or {"https": 443, "http": 80}[scheme]


def _literal(host: str) -> Address | None:
    """Return the address that a host is, in whatever digits; None for a name. Raise Refused for a strange spelling."""
    if ":" in host:
        if "%" in host:
            raise Refused("An address with a zone is one of this machine's own network.")
        try:
            return IPv6Address(host)
        except AddressValueError as error:
            raise Refused("What stands in the brackets is no IPv6 address.") from error
    plain = unicodedata.normalize("NFKC", host).replace("\u3002", ".").rstrip(".")
    last = plain.rpartition(".")[2]
    # WHATWG URL, "ends in a number": clients take such a host for an IPv4 address.
    if not re.fullmatch(r"[0-9]+|0[xX][0-9a-fA-F]*", last):
        return None
    try:
        address = IPv4Address(plain)
    except AddressValueError:
        address = None
    if address is None or plain != host:
        meant = _loose_ipv4(plain)
        hint = f" It would mean {meant}." if meant else ""
        raise Refused(f"Write an IPv4 address as four plain numbers, or use a name.{hint}")
    return address


def _loose_ipv4(text: str) -> IPv4Address | None:
    """Read an address as inet_aton does: fewer parts, octal, hexadecimal (WHATWG URL, "IPv4 parser")."""
    parts = text.split(".")
    if len(parts) > 4:
        return None
    try:
        numbers = [_number(part) for part in parts]
    except ValueError:
        return None
    *leading, last = numbers
    if any(number > 255 for number in leading) or last >= 256 ** (5 - len(numbers)):
        return None
    return IPv4Address(sum(number << 8 * (3 - place) for place, number in enumerate(leading)) + last)


def _number(text: str) -> int:
    if not text or len(text) > 40 or not text.isascii():
        raise ValueError("no number")
    if text[:2] in ("0x", "0X"):
        return int(text[2:] or "0", 16)
    return int(text, 8) if text.startswith("0") and len(text) > 1 else int(text)


def _name(host: str) -> str:
    try:
        name = idna.encode(host, uts46=True).decode("ascii").rstrip(".").lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise Refused("This is no host name.") from error
    if not name or len(name) > HOST_MAX or FORBIDDEN_IN_HOST.search(name):
        raise Refused("This is no host name.")
    # Normalising may have made digits of what were none.
    if _literal(name) is not None:
        raise Refused("Write an IPv4 address as four plain numbers, or use a name.")
    labels = name.split(".")
    if len(labels) < 2:
        raise Refused("Use a full name such as hooks.example.org; a bare one means something of this network.")
    if any(".".join(labels[place:]) in NAMES_REFUSED for place in range(len(labels))):
        raise Refused(f"{name} is a name of this machine or of a private network.")
    return name


def check(address: Address, port: int, *, allowed: Iterable[str] = ()) -> None:
    """Refuse an address that is not public, unless `allowed` names it; called again for each socket, right before it
    connects."""
    if not 0 < port < 65536:
        raise Refused(f"{port} is no port that can be connected to.")
    if {f"{address}:{port}", f"{address}:*"} & set(allowed):
        return
    if reason := why_refused(address):
        raise Refused(f"{address} is {reason}; webhooks go to public addresses only.")


def why_refused(address: Address) -> str:
    """Return why an address is not public, in words; "" when it is."""
    if isinstance(address, IPv4Address):
        return next((words for network, words in IPV4_REFUSED if address in network), "")
    if address.scope_id is not None:
        return "an address with a zone"
    return _why_refused_6(address)


def _why_refused_6(address: IPv6Address) -> str:
    number = int(address)
    named = next((words for network, words in IPV6_NAMED if address in network), "")
    if named:
        return named
    low = IPv4Address(number & 0xFFFFFFFF)
    if address in MAPPED or address in NAT64:
        # What such an address reaches is the IPv4 address inside.
        inner = why_refused(low)
        return f"{low} inside, which is {inner}" if inner else ""
    for network, words, inside in (
        (TRANSLATED, "IPv4-translated", low),
        (COMPATIBLE, "IPv4-compatible", low),
        (NAT64_LOCAL, "NAT64 of a private network", low),
        (TEREDO, "Teredo", IPv4Address(~number & 0xFFFFFFFF)),
        (SIX_TO_FOUR, "6to4", IPv4Address(number >> 80 & 0xFFFFFFFF)),
    ):
        if address in network:
            return f"{words} for {inside}"
    if address not in IPV6_GLOBAL:
        return "reserved"
    if number >> 32 & 0xFFFFFFFF in ISATAP:
        return f"ISATAP for {low}"
    return next((words for network, words in IPV6_REFUSED if address in network), "")
