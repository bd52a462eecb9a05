"""Which theme a page is rendered in. Plain values in and out, no Django.

A mode says which slot is shown (`system` leaves it to the browser); the slots say which theme fills each.
"""

from typing import Literal, NamedTuple

MODES = ("system", "light", "dark")
LIGHT_THEMES = ("paper", "contrast")
DARK_THEMES = ("ink", "dimmed", "contrast")
MOTIONS = ("system", "reduced")

COOKIE_MAX = 64
# Who made the choice that a cookie holds: a person who was not signed in, or an account that it mirrors.
Origin = Literal["c", "m"]
CHOSEN: Origin = "c"
MIRRORED: Origin = "m"


class Theme(NamedTuple):
    mode: str = "system"
    light: str = "paper"
    dark: str = "ink"
    motion: str = "system"

    @property
    def is_default(self) -> bool:
        return self == Theme()


DEFAULT = Theme()


class Cookie(NamedTuple):
    theme: Theme
    origin: Origin

    @property
    def was_chosen(self) -> bool:
        return self.origin == CHOSEN

    def pack(self) -> str:
        return ".".join([*self.theme, self.origin])


def is_theme(theme: Theme) -> bool:
    """Tell whether each part is one of those that exist."""
    return theme.mode in MODES and theme.light in LIGHT_THEMES and theme.dark in DARK_THEMES and theme.motion in MOTIONS


def read_cookie(value: str | None) -> Cookie | None:
    """Return what a theme cookie says, or None for a missing one or one that is not ours to the letter."""
    if not value or len(value) > COOKIE_MAX:
        return None
    *parts, origin = value.split(".")
    if len(parts) != len(Theme._fields) or origin not in (CHOSEN, MIRRORED):
        return None
    theme = Theme(*parts)
    return Cookie(theme, origin) if is_theme(theme) else None


def resolve(*, account: Theme | None, override: str | None, cookie: Theme | None) -> Theme:
    """Return the theme to render: the account's (or without one the cookie's), with this device's own mode over it.

    The person's choice beats the system's setting, and that beats light.
    """
    theme = account or cookie or DEFAULT
    return theme._replace(mode=override) if override else theme
