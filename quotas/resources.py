"""What can be limited: an app registers its own in its `ready()`.

    resources.register(Resource("mails", "mails", unit="mails", window="day"))

`storage` and `files` are here from the start.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from quotas import windows
from quotas.windows import Window


@dataclass(frozen=True, slots=True)
class Resource:
    """`unit` is what amounts are shown in; without a `window` what is used stays used until it is given back."""

    slug: str
    name: str
    unit: str = ""
    window: Window = ""

    def window_on(self, now: datetime) -> date | None:
        return windows.window_on(self.window, now, timezone.get_default_timezone())


STORAGE = Resource("storage", "storage", unit="bytes")
FILES = Resource("files", "files", unit="files")

_registered: dict[str, Resource] = {resource.slug: resource for resource in (STORAGE, FILES)}


def register(resource: Resource) -> None:
    """Add a resource. Raise ValueError for a slug that means another one, or a window that is none."""
    if _registered.get(resource.slug, resource) != resource:
        raise ValueError(f"a resource named {resource.slug!r} is registered already")
    if resource.window not in windows.WINDOWS:
        raise ValueError(f"{resource.window!r} is no window")
    _registered[resource.slug] = resource


def unregister(slug: str) -> None:
    del _registered[slug]


def registered() -> list[Resource]:
    return list(_registered.values())


def named(slug: str) -> Resource:
    """Return the resource. Raise KeyError for one that nobody registered."""
    return _registered[slug]
