"""People who never come in: they stand for who said something elsewhere, and whom the hall does not know."""

from collections.abc import Collection, Mapping
from hashlib import sha256

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models.functions import Lower

from sessions_app.models import User

# RFC 2606: nobody has an address there.
DOMAIN = "stand-in.invalid"


def is_stand_in(*, user: User) -> bool:
    """Tell whether this person only stands for somebody."""
    return user.email.endswith(f"@{DOMAIN}")


def find_people(*, emails: Collection[str]) -> dict[str, int]:
    """Return the keys of those who have these addresses, by the address in lower case."""
    wanted = {email.lower() for email in emails if email}
    rows = User.objects.annotate(address=Lower("email")).filter(address__in=wanted)
    return dict(rows.values_list("address", "pk"))


@transaction.atomic(savepoint=False)
def ensure_stand_ins(*, names: Mapping[str, str]) -> dict[str, int]:
    """Return the key of a person for each identity, making whoever is missing; `names` says what they are called.

    They have no password and no way to get one. The identity itself, which may be an address, is not kept. Joins the
    caller's transaction.
    """
    emails = {identity: f"{sha256(identity.encode()).hexdigest()[:24]}@{DOMAIN}" for identity in names}
    User.objects.bulk_create(
        [
            User(
                email=email,
                display_name=names[identity],
                is_active=False,
                password=make_password(None),
            )
            for identity, email in sorted(emails.items(), key=lambda pair: pair[1])
        ],
        ignore_conflicts=True,
    )
    rows = dict(User.objects.filter(email__in=emails.values()).values_list("email", "pk"))
    return {identity: rows[email] for identity, email in emails.items()}
