"""What of files waits for a person on the home page."""

from lib.waiting import Wait
from sessions_app.models import User


def waits(user: User) -> list[Wait]:
    return []
