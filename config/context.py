"""What every template may say: the hall's name, and the id under which the logs keep this request."""

import structlog
from django.conf import settings
from django.http import HttpRequest


def hall(request: HttpRequest) -> dict[str, str]:
    return {
        "hall_name": settings.HALL_NAME,
        "request_id": structlog.contextvars.get_contextvars().get("request_id", ""),
    }
