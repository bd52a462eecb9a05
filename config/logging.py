"""Logging: one JSON object a line in production, readable lines in development, a request id in both.

No secret reaches a log: values under a telling name are blanked, and a request is named by its route, because
the path itself may carry the key of a password reset.
"""

import re
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

FORMATS = ("json", "console")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

SECRET_NAME = re.compile(r"pass(word|wd|phrase)|secret|token|authori[sz]ation|cookie|api_?key|credential", re.I)
# Digests and counts may be read: they tell nothing back.
HARMLESS_NAME = re.compile(r"_(hash|count|id)$")
# What Python and Celery put into messages of their own: an address with a password, a header, a key in a path.
SECRET_TEXT = (
    (re.compile(r"(\w+://[^\s:/@]*:)[^\s@/]+@"), r"\1***@"),
    (re.compile(r"((?:Bearer|Basic)\s+)\S+", re.I), r"\1***"),
    (re.compile(r"\bgh_[A-Za-z0-9_-]{8,}"), "gh_***"),
    (re.compile(r"(/(?:reset/key|confirm-email|not-me)/)[^\s/?\"']+"), r"\1***"),
    (re.compile(r"((?:password|secret|token|code|key)\w*=)[^\s&\"']+", re.I), r"\1***"),
)
BLANK = "***"


def _without_secrets(text: str) -> str:
    for pattern, plain in SECRET_TEXT:
        text = pattern.sub(plain, text)
    return text


def blank_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    for name, value in event.items():
        if SECRET_NAME.search(name) and not HARMLESS_NAME.search(name):
            event[name] = BLANK
        elif isinstance(value, str):
            event[name] = _without_secrets(value)
    return event


def plain_words(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Make each value storable: other programs refuse lone surrogates, and terminals obey control characters."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = value.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
    return event


SHARED_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def logging_config(*, format: str, level: str) -> dict[str, Any]:
    """Return Django's LOGGING for `format` (one of FORMATS)."""
    last: list[Any] = [structlog.processors.format_exc_info, blank_secrets, plain_words]
    if format == "json":
        last += [structlog.processors.JSONRenderer()]
    else:
        last += [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED_PROCESSORS,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "main": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED_PROCESSORS,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "main"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            # One line a request is ours; Django's own would repeat it, with the path in it.
            "django.request": {"level": "CRITICAL"},
            "django.security": {"level": "CRITICAL"},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        },
    }
