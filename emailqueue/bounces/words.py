"""What status codes and words mean for an address: the reason, and whether it is dead. Plain values in and out."""

import re

ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
DIGITS = re.compile(r"(?<![\d.])([45]\d\d)(?=[ -]|$)")

# Reasons that mean the address is dead, and the others.
HARD = frozenset({"unknown user", "unknown host", "moved", "closed"})
# Of the second and third number of a status code (RFC 3463, section 3; the registry of RFC 5248).
REASONS = {
    **{(1, detail): "unknown user" for detail in (0, 1, 3, 4, 9)},
    **{(1, 2): "unknown host", (1, 5): "", (1, 6): "moved", (1, 7): "sender refused", (1, 8): "sender refused"},
    **{(1, 10): "unknown host", (2, 0): "mailbox", (2, 1): "closed", (2, 2): "mailbox full"},
    **{(2, 3): "too big", (2, 4): "list trouble", (3, 4): "too big", (4, 4): "unknown host", (4, 6): "loop"},
}
OF_SUBJECT = {3: "system", 4: "network", 5: "protocol", 6: "content", 7: "policy"}
# In this order: what is about the moment or the message is looked for before what is about the address.
WORDS = (
    ("mailbox full", r"(mail ?box|quota|storage|inbox|account|disk).{0,40}(full|exceed|over|limit)|"
     r"over (disk |its |their )?quota|overquota|"
     r"insufficient (disk|storage)|quota (exceed|violat)|exceeded .{0,30}(quota|storage)|not enough (disk )?space"),
    ("too big", r"(message|mail|size).{0,40}(too (big|large)|exceeds?.{0,20}(size|limit|maximum))|size limit"),
    ("policy", r"spam|block(ed|list)|black ?list|\brbl\b|spamhaus|barracuda|dmarc|\bspf\b|dkim|reputation|"
     r"not (allowed|permitted|authori[sz]ed)|policy|reject(ed)? .{0,30}content|virus|banned|access denied|"
     r"relay(ing)? (access )?(denied|not permitted)|unable to relay|authentication required|refused to talk"),
    ("unknown host", r"(host|domain).{0,40}(unknown|not found|does ?n.t exist|invalid|unrout)|unrouteable|"
     r"name or service not known|no such (host|domain)|couldn.t find any host|nxdomain|bad destination host|"
     r"domain has no (mx|mail)|non-?existent domain|unresolvable"),
    ("moved", r"(user|recipient|address|person|account).{0,40}(has )?(moved|changed)|no longer (with|work)|"
     r"new (e-?mail )?address"),
    ("closed", r"(account|mailbox|user|address|recipient).{0,60}(disabled|closed|inactive|suspended|deactivat|"
     r"terminated|expired|locked|cancel|discontinued|not active)|"
     r"no longer (exists?|available|valid|active|in use|accept)"),
    ("unknown user", r"(user|recipient|address|mailbox|account|local part|addressee|username|alias|person|name).{0,60}"
     r"(unknown|not found|does ?n.t exist|does not exist|invalid|not (listed|exist|known|available|present|valid)|"
     r"non-?existent|not a valid|rejected|undeliverable|unavailable|not recogni[sz]ed|not our customer)|"
     r"(unknown|no such|invalid|bad|nonexistent|non-existent|undeliverable|unrecogni[sz]ed|not a valid|illegal|"
     r"can.?t find|not have an?|doesn.t have an?|no match(es)?( to)?|(did|does) not (exactly )?match).{0,30}"
     r"(user|recipient|address|mailbox|account|alias|person|local|destination|name)|"
     r"no mailbox (here|by that name|found)|mailbox (unavailable|not found)|"
     r"unknown (to|in) .{0,40}(table|list|directory)|not listed in|no account|user not known|unknown address"),
    ("network", r"time(d)? ?out|timeout|connection (refused|reset|lost|dropped|closed)|unreachable|try (again )?later|"
     r"temporar|deferred|grey ?list|too many (connections|hops|messages|recipients)|loop|server (busy|down)|"
     r"not yet been delivered|delayed|could not be delivered (for|within)|expired|retry time(out)? (exceeded|not)"),
)  # fmt: skip
_words = [(reason, re.compile(pattern, re.IGNORECASE | re.DOTALL)) for reason, pattern in WORDS]


def judge(*, status: str, words: str, failed: bool = True) -> tuple[str, str, bool]:
    """Return the status that counts, the reason, and whether it is hard."""
    code = _telling(status) or _telling_in(words) or _any_in(words) or status
    match = ENHANCED.search(code)
    family, subject, detail = (int(each) for each in match.groups()) if match else (0, 0, 0)
    reason = REASONS.get((subject, detail)) if match else None
    if match and detail == 0 and subject != 1:
        # "Other or undefined" (RFC 3463): the words may know better.
        reason = _reason_in(words) or reason
    if match and reason is None:
        reason = OF_SUBJECT.get(subject)
    if not reason:
        reason = _reason_in(words) or "unknown"
    if match and family == 4:
        return code, reason, False
    if not match:
        digits = DIGITS.search(words)
        if digits and digits.group(1)[0] == "4":
            return code, reason, False
    return code, reason, failed and reason in HARD


def is_dead(*, status: str, reply: str) -> bool:
    """Tell whether a server's 5xx means that the address itself is dead."""
    return judge(status=status, words=reply)[2]


def _telling(code: str) -> str:
    """Return a code that says more than its class."""
    match = ENHANCED.search(code)
    return "" if not match or (match.group(2), match.group(3)) == ("0", "0") else match.group(0)


def _telling_in(words: str) -> str:
    return next((_telling(match.group(0)) for match in ENHANCED.finditer(words) if _telling(match.group(0))), "")


def _any_in(words: str) -> str:
    match = ENHANCED.search(words)
    return match.group(0) if match else ""


def _reason_in(words: str) -> str:
    return next((reason for reason, pattern in _words if pattern.search(words[:4000])), "")
