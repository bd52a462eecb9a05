"""What a returned mail says: who did not get it, why, and whether they ever will. Bytes in, plain values out.

A bounce is *hard* when the address itself is dead: nobody of that name, no such host, moved, closed. Full, busy, too
big and unwelcome are *soft*, also when the server says 5xx: the next mail may well arrive. The enhanced status code
(RFC 3463) counts more than the words, and the words more than the three digits. Vacations, challenges, complaints (RFC
5965) and delivered-notices are no bounces: nothing is returned for them. No input raises.
"""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from typing import NamedTuple

from emailqueue.bounces.words import DIGITS, is_dead, judge

__all__ = ["Bounce", "classify", "complained", "is_dead", "judge", "quoted_message_ids"]


class Bounce(NamedTuple):
    recipient: str
    status: str
    reason: str
    hard: bool


SCAN_MAX = 256 * 1024
FOUND_MAX = 200
PARTS_MAX = 100
ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?"

BOUNCES_FROM = re.compile(
    r"mailer-?daemon|postmaster|mail ?delivery|mail-?admin|mdaemon|daemon@|bounce|undeliver", re.I
)
BOUNCES_ABOUT = re.compile(
    r"undeliver|returned mail|return(ed)? to sender|deliver\w*.{0,20}(fail|status|problem|error|notif|report|delay)|"
    r"(fail|error|problem|warning|delay|unable|could ?n.?t|not).{0,30}deliver|failure notice|failed mail|"
    r"mail (system|failure|error)|message (status|could not)|non.?deliver|\bdsn\b|user unknown|nondeliverable|"
    r"message you sent|delivery",
    re.I,
)
AUTOMATIC = re.compile(
    r"out of (the )?office|auto(matic|mated)?[- ]?(repl|respon|answer)|vacation|holiday|away from|abwesen|"
    r"absence|fuera de|absent\b|on leave|thank you for (contacting|your (mail|message|e-?mail))|ticket|"
    r"verify your (message|e-?mail)|confirm (that )?you|challenge|please confirm|sender (verification|confirmation)|"
    r"approve|spam ?arrest|moderat",
    re.I,
)
ORIGINAL = re.compile(
    r"^(?:-{2,}.*(?:original|copy|returned|message|header|below).*|(?:>\s*)?Received: .*|(?:>\s*)?Return-Path: .*|"
    r"(?:>\s*)?Message-ID: .*|(?:Original|Returned) message.*|--- The (?:header|original).*)$",
    re.I | re.M,
)


def classify(raw: bytes) -> list[Bounce]:
    """Return each recipient whom the mail says was not reached; nothing when it is no bounce."""
    try:
        message = message_from_bytes(raw[:SCAN_MAX])
        parts = _parts(message)
        reports = [part for part in parts if part.get_content_type() == "message/delivery-status"]
        if not reports and (wrapped := _wrapped_report(parts)):
            parts = _parts(wrapped)
            reports = [part for part in parts if part.get_content_type() == "message/delivery-status"]
        if _is_complaint(parts):
            return []
        found = [bounce for part in reports for bounce in _of_report(part, _texts(parts))]
        if found or any(_groups(part) for part in reports):
            return _once(found)
        return _once(_of_words(message, parts))
    except (MessageError, ValueError, LookupError, AttributeError, TypeError, RecursionError):
        # The parser of the standard library meets its own limits on what no mail program wrote.
        return []


def _wrapped_report(parts: list[Message]) -> Message | None:
    """Return a report that a gateway on the way put into a mail of its own."""
    for part in parts:
        payload = part.get_payload()
        inner = (
            payload[0]
            if part.get_content_type() == "message/rfc822" and isinstance(payload, list) and payload
            else None
        )
        if isinstance(inner, Message) and inner.get_content_type() == "multipart/report":
            return inner
    return None


def complained(raw: bytes) -> list[str]:
    """Return who called a mail unwanted, from a feedback report (RFC 5965)."""
    try:
        parts = _parts(message_from_bytes(raw[:SCAN_MAX]))
        found: list[str] = []
        for part in parts:
            if part.get_content_type() == "message/feedback-report":
                for name, value in _fields(_payload(part)):
                    if name in {"original-rcpt-to", "removal-recipient"}:
                        found += re.findall(ADDRESS, value)
        return sorted({address.lower() for address in found[:FOUND_MAX]})
    except (MessageError, ValueError, LookupError, AttributeError, TypeError, RecursionError):
        return []


# --- Reports (RFC 3464) -----------------------------------------------------------------------------------------


def _of_report(part: Message, texts: str) -> Iterator[Bounce]:
    for group in _groups(part):
        action = group.get("action", "").lower().split(" ")[0].strip("();")
        if action in {"delivered", "relayed", "expanded"}:
            continue
        recipient = _address_in(group.get("final-recipient", "")) or _address_in(group.get("original-recipient", ""))
        recipient = recipient or _address_in(group.get("x-actual-recipient", ""))
        if not recipient:
            continue
        words = " ".join(group.get(name, "") for name in ("diagnostic-code", "status", "x-display-name"))
        if not group.get("diagnostic-code"):
            words += " " + _about(recipient, texts)
        status, reason, hard = judge(
            status=group.get("status", ""), words=words, failed=action not in {"delayed", "delay"}
        )
        yield Bounce(recipient, status[:12].strip(), reason, hard)


def _groups(part: Message) -> list[dict[str, str]]:
    """Return the fields of each recipient: those of the message itself name nobody."""
    payload = part.get_payload()
    if isinstance(payload, list):
        blocks = [
            [(name.lower(), str(value)) for name, value in each.items()]
            for each in payload
            if isinstance(each, Message)
        ]
    else:
        blocks = [_fields(block) for block in re.split(r"\r?\n[ \t]*\r?\n", str(payload))]
    found = []
    for block in blocks[:FOUND_MAX]:
        fields = {name: " ".join(value.split()) for name, value in block}
        if fields.keys() & {"final-recipient", "original-recipient", "action"}:
            found.append(fields)
    return found


def _fields(text: str) -> list[tuple[str, str]]:
    unfolded = re.sub(r"\r?\n[ \t]+", " ", text)
    return [(name.lower(), value.strip()) for name, value in re.findall(r"(?m)^([\w-]{1,60}):[ \t]*(.*)$", unfolded)]


def _address_in(field: str) -> str:
    match = re.search(ADDRESS, field.partition(";")[2] or field)
    return match.group(0).lower().strip(".'") if match else ""


# --- Words, where there is no report ----------------------------------------------------------------------------


def _of_words(message: Message, parts: list[Message]) -> Iterator[Bounce]:
    subject = _header(message, "subject")
    failed_header = _header(message, "x-failed-recipients")
    sender = " ".join(_header(message, name) for name in ("from", "sender", "return-path"))
    automatic = _header(message, "auto-submitted").lower().startswith("auto-replied")
    from_machine = bool(BOUNCES_FROM.search(sender)) or _header(message, "return-path").strip() == "<>"
    if AUTOMATIC.search(subject) or not (failed_header or from_machine or BOUNCES_ABOUT.search(subject)):
        return
    if automatic and not (failed_header or BOUNCES_ABOUT.search(subject)):
        return
    text = _texts(parts)
    if not (failed_header or from_machine or BOUNCES_ABOUT.search(subject)) and AUTOMATIC.search(text[:400]):
        return
    own = {address.lower() for address in re.findall(ADDRESS, sender)}
    named = [address.lower() for address in re.findall(ADDRESS, failed_header)] or [
        address for address in _named_in(text) if address not in own and not BOUNCES_FROM.search(address)
    ]
    delayed = bool(re.search(r"delay|not yet|will (keep|continue|be retried)|temporar", subject + text[:600], re.I))
    for address in named[:FOUND_MAX]:
        words = _about(address, text) or text[:4000]
        status, reason, hard = judge(status="", words=words, failed=not delayed)
        if reason == "unknown" and not hard:
            # Its own lines are silent: the whole text may say it.
            status, reason, hard = judge(status="", words=text[:4000], failed=not delayed)
        if reason == "unknown" and not failed_header and not DIGITS.search(words):
            continue
        yield Bounce(address, status[:12], reason, hard)


def _named_in(text: str) -> list[str]:
    """Return the addresses of the part above the returned mail, in order."""
    found: dict[str, None] = {}
    for match in re.finditer(rf"(?<![\w.@=/-])({ADDRESS})", text):
        before = text[max(0, match.start() - 30) : match.start()].lower()
        if re.search(r"(from|sender|contact|help|message-id|by|mailto|postmaster|forward)[:\s<]*$", before):
            continue
        found.setdefault(match.group(1).lower().strip(".'"), None)
    return list(found)


def _about(address: str, text: str) -> str:
    """Return what stands behind an address, up to the next one."""
    at = text.lower().find(address)
    if at < 0:
        return ""
    rest = text[at + len(address) : at + len(address) + 1200]
    following = re.search(rf"\n[ \t<]*{ADDRESS}[>:]", rest)
    return (text[max(0, at - 120) : at] if at < 200 else "") + (rest[: following.start()] if following else rest)


def _texts(parts: list[Message]) -> str:
    """Return what the mail itself says, without the mail that it returns."""
    said = []
    for part in parts:
        if part.get_content_type() in {"text/plain", "text/html"} and not part.get(
            "Content-Disposition", ""
        ).startswith("attachment"):
            text = _payload(part)
            said.append(
                re.sub(r"<[/!]?[a-zA-Z][^>@]{0,300}>", " ", text) if part.get_content_subtype() == "html" else text
            )
        elif part.get_content_type() in {"message/rfc822", "text/rfc822-headers"}:
            break
    whole = "\n".join(said)
    cut = ORIGINAL.search(whole, 20)
    return whole[: cut.start()] if cut else whole


# --- The mail as parts ------------------------------------------------------------------------------------------


def _parts(message: Message) -> list[Message]:
    """Return the parts in order; a returned mail is one part, and its own parts are not looked into."""
    found: list[Message] = []
    waiting = [message]
    while waiting and len(found) < PARTS_MAX:
        part = waiting.pop(0)
        found.append(part)
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting = [each for each in payload if isinstance(each, Message)] + waiting
    return found


def _payload(part: Message) -> str:
    payload = part.get_payload()
    if isinstance(payload, list):
        return "\n".join(str(each) for each in payload)[:SCAN_MAX]
    decoded = part.get_payload(decode=True)
    raw = decoded if isinstance(decoded, bytes) else str(payload).encode("utf-8", "replace")
    charset = (part.get_content_charset() or "utf-8").replace("\0", "")
    try:
        return raw.decode(charset, "replace")
    except LookupError:
        return raw.decode("latin-1")


def _header(message: Message, name: str) -> str:
    value = str(message.get(name, ""))
    if "=?" not in value:
        return value
    return "".join(
        text.decode(charset or "latin-1", "replace") if isinstance(text, bytes) else text
        for text, charset in decode_header(value)
    )


def _is_complaint(parts: list[Message]) -> bool:
    return any(part.get_content_type() == "message/feedback-report" for part in parts)


def _once(found: list[Bounce] | Iterator[Bounce]) -> list[Bounce]:
    """Return one bounce for each recipient; a hard one says more than a soft one."""
    best: dict[str, Bounce] = {}
    for bounce in found:
        if bounce.recipient not in best or (bounce.hard and not best[bounce.recipient].hard):
            best[bounce.recipient] = bounce
    return list(best.values())


def quoted_message_ids(raw: bytes) -> list[str]:
    """Return the Message-IDs that a returned mail quotes in its body, in order, without brackets."""
    body = raw[:SCAN_MAX].partition(b"\n\n")[2] or raw[:SCAN_MAX].partition(b"\r\n\r\n")[2]
    found = re.findall(rb"(?im)^[>\s]*message-id:\s*<([^<>\s]{3,250})>", body)
    return list(dict.fromkeys(each.decode("ascii", "replace") for each in found[:10]))
