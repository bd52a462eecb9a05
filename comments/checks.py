"""A service of the hall's own is asked, before words stand, whether a moderator should look at them first.

One POST in the form of Standard Webhooks 1.0, signed with COMMENTS_CHECK_SECRET. An answer of 200 with
`{"hold": true, "reason": "..."}` holds the comment, `{"hold": false}` lets it pass; whatever else comes, or nothing
within COMMENTS_CHECK_SECONDS, is no answer. Then COMMENTS_CHECK_WITHOUT decides, and for `REST_SECONDS` nobody is
kept waiting for it again.
"""

import asyncio
import contextlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import aiohttp
import structlog
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from django.utils.text import Truncator

from webhooks import services as webhooks

log = structlog.get_logger(__name__)

TYPE = "comment.check"
ANSWER_MAX = 4096
REASON_MAX = 120
REST_SECONDS = 30
RESTS = "comments.check.rests"
ASKED_FOR = "A check asked for it"
UNANSWERED = "The check did not answer"


class NoAnswer(Exception):
    """The service said nothing that can be understood, in its time."""


def why_held(*, data: dict[str, Any]) -> str:
    """Return why a moderator looks at these words first; "" when nobody has to. Slow: outside of transactions.

    `data` is what the service is told, as JSON has it.
    """
    if not settings.COMMENTS_CHECK_URL:
        return ""
    if not cache.get(RESTS):
        try:
            return asked(data=data)
        except NoAnswer as error:
            log.warning("comment_check_unanswered", why=str(error))
            cache.set(RESTS, True, REST_SECONDS)
    return UNANSWERED if settings.COMMENTS_CHECK_WITHOUT == "hold" else ""


def asked(*, data: dict[str, Any]) -> str:
    """Return what the service says; raise NoAnswer."""
    body = json.dumps({"type": TYPE, "timestamp": timezone.now().isoformat(), "data": data}).encode()
    headers = webhooks.signed_headers(body=body, secret=settings.COMMENTS_CHECK_SECRET)
    # In a thread of its own: whoever calls may have a loop running in theirs.
    with ThreadPoolExecutor(max_workers=1) as pool:
        try:
            status, answer = pool.submit(_post, body, headers).result()
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise NoAnswer(type(error).__name__) from error
    return _understood(status, answer)


def _post(body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    # Closed without waiting for the thread of a look-up that hangs, which asyncio.run would.
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        return loop.run_until_complete(_posted(body, headers))


async def _posted(body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    limit = aiohttp.ClientTimeout(total=settings.COMMENTS_CHECK_SECONDS)
    async with (
        aiohttp.ClientSession(timeout=limit, trust_env=False, auto_decompress=False) as session,
        session.post(settings.COMMENTS_CHECK_URL, data=body, headers=headers, allow_redirects=False) as response,
    ):
        return response.status, await response.content.read(ANSWER_MAX)


def _understood(status: int, answer: bytes) -> str:
    try:
        said = json.loads(answer) if status == 200 else None
    except (ValueError, RecursionError) as error:
        raise NoAnswer("not JSON") from error
    if not isinstance(said, dict) or not isinstance(said.get("hold"), bool):
        raise NoAnswer(f"status {status}, and no word about holding")
    reason = said.get("reason")
    words = " ".join(sign for sign in reason.split() if sign.isprintable()) if isinstance(reason, str) else ""
    return (Truncator(words).chars(REASON_MAX) or ASKED_FOR) if said["hold"] else ""
