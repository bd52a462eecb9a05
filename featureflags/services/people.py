"""Who is meant by a mail address or an id."""

from collections.abc import Collection, Iterable

from django.db.models import QuerySet
from django.db.models.functions import Lower

from sessions_app.models import User


def with_addresses(*, addresses: Collection[str]) -> QuerySet[User]:
    """Return the people with one of these mail addresses, given in lower case."""
    return User.objects.alias(address=Lower("email")).filter(address__in=addresses)


def person_named(*, name: str) -> User | None:
    """Return the person with this mail address, in any case, or with this id; None when there is none."""
    if "@" in name:
        return with_addresses(addresses=[name.lower()]).first()
    return User.objects.filter(pk=int(name)).first() if _is_id(name) else None


def addresses_of(*, ids: Iterable[str]) -> dict[str, str]:
    """Return the mail addresses of those ids that are people's, by id."""
    rows = User.objects.filter(pk__in={each for each in ids if _is_id(each)})
    return {str(pk): email for pk, email in rows.values_list("pk", "email")}


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18
