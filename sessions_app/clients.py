"""What a request says about the browser and the place that it came from. Plain values in and out, no Django."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from ua_parser import parse

UNKNOWN = "Unknown browser"
USER_AGENT_MAX = 400


class Client(NamedTuple):
    """Where a request came from."""

    address: str | None
    user_agent: str


@lru_cache(maxsize=1024)
def label(user_agent: str) -> str:
    """Return a readable name such as "Firefox on Android", without versions."""
    found = parse(user_agent)
    browser = found.user_agent.family if found.user_agent else ""
    system = found.os.family if found.os else ""
    browser = browser.removesuffix(" Mobile").removesuffix(" Mobile WebView").replace("Mobile Safari", "Safari")
    if browser and system:
        return f"{browser} on {system}"
    return browser or (f"{UNKNOWN} on {system}" if system else UNKNOWN)


def place(address: str | None) -> str:
    """Return the range that an address lies in (/16 or /32), or what kind of network it is."""
    if not address:
        return "unknown place"
    parsed = ip_address(address)
    if parsed.is_loopback:
        return "this machine"
    if parsed.is_private:
        return "local network"
    prefix = 16 if parsed.version == 4 else 32
    return str(ip_network(f"{address}/{prefix}", strict=False))


def client_address(peer: str, forwarded_for: str, trusted: Iterable[IPv4Network | IPv6Network]) -> str | None:
    """Return the nearest address that is not a trusted proxy, or None when the peer has none.

    Read from the right: each trusted proxy appends the address that it saw, and what stands left of the
    first untrusted one is the client's own word (RFC 7239, section 8.1).
    """
    networks = list(trusted)
    nearest: str | None = None
    for hop in [peer, *reversed([part.strip() for part in forwarded_for.split(",") if part.strip()])]:
        try:
            parsed = ip_address(hop)
        except ValueError:
            break
        nearest = str(parsed)
        if not any(parsed.version == net.version and parsed in net for net in networks):
            break
    return nearest


def clean_user_agent(raw: str) -> str:
    """Return a header as text that Postgres can store: no NUL, no lone surrogate, at most 400 characters."""
    return raw.replace("\0", "").encode("utf-8", "ignore").decode()[:USER_AGENT_MAX]
