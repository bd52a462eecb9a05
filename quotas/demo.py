"""The files of the demo hall: a few of each person's, some weeks of use, and one person who is nearly full."""

import io
import zlib
from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageDraw

from lib import demo
from lib.demo import Scene
from quotas import names, paths
from quotas.models import (
    Account,
    Blob,
    Folder,
    Grant,
    Override,
    Part,
    StoredFile,
    UsageEvent,
    Version,
)
from sessions_app.models import User

TEXTS = ("Notes of the house meeting.txt", "Rules of the wood workshop.txt", "Shopping list for the fair.txt")
PICTURES = ("Laser cutter, new lens.png", "Garden in May.png", "Plan of the hall.png")
# Bob's limit, of which he has used more than 85 %.
NARROW = 1_200_000
HEAVY = ("Recording of the choir.wav", 1_040_000)


def furnish(scene: Scene) -> dict[str, int]:
    """Give the people of the stories files, older and newer, and the ledger that goes with them."""
    people = list(User.objects.filter(email__in=[demo.address(name) for name in demo.LEADS]).order_by("pk"))
    hall = _account(scene, None)
    made: list[Grant] = []
    for user in people:
        account = _account(scene, user)
        objects = _account(scene, user, resource="files")
        folder = Folder.objects.create(owner=user, parent=None, name="Workshop", created_at=scene.ago(days=60))
        for name, content in _contents(scene, user):
            at = scene.ago(days=scene.random.uniform(1, 55))
            place = folder if scene.random.random() < 0.4 else None
            made.append(_store(user, place, name, content, at, [account, hall], objects))
    _write_ledger(made)
    return {"files": len(made)}


def _account(scene: Scene, user: User | None, resource: str = "storage") -> Account:
    hard = None
    if user is not None and resource == "storage":
        hard = 5_000_000_000
        if user.email == demo.address("bob"):
            hard = NARROW
            Override.objects.create(user=user, resource=resource, hard=hard, reason="a narrow shelf, to show warnings")
    row, _ = Account.objects.get_or_create(
        user=user, group=None, resource=resource, window_on=None, defaults={"hard": hard}
    )
    return row


def _contents(scene: Scene, user: User) -> list[tuple[str, bytes]]:
    found = [(name, f"{name}\n\nWritten by {user.display_name}.\n".encode()) for name in TEXTS]
    found += [(name, _picture(zlib.crc32(name.encode()))) for name in PICTURES]
    if user.email == demo.address("bob"):
        found.append((HEAVY[0], bytes(HEAVY[1])))
    return [each for each in found if each[0] == HEAVY[0] or scene.random.random() < 0.8]


def _picture(number: int) -> bytes:
    image = Image.new("RGB", (480, 320), (226 - number % 40, 239 - number % 60, 232))
    draw = ImageDraw.Draw(image)
    for step in range(6):
        x = (number >> step) % 400
        draw.rectangle((x, 40 * step + 20, x + 60, 40 * step + 50), fill=(29, 92 + 20 * step, 74 + 15 * step))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _store(
    user: User,
    folder: Folder | None,
    name: str,
    content: bytes,
    at: datetime,
    accounts: list[Account],
    objects: Account,
) -> Grant:
    blob = Blob.objects.create(size=len(content), created_at=at)
    path = default_storage.save(f"{paths.folder_of(blob.pk)}/0-0", ContentFile(content))
    Part.objects.create(blob=blob, start=0, size=len(content), path=path)
    grant = Grant.objects.create(
        user=user,
        key=f"demo:{blob.pk}",
        resource="storage",
        state=Grant.State.USED,
        amount=len(content),
        objects_held=1,
        accounts=[account.pk for account in accounts],
        object_accounts=[objects.pk],
        created_at=at,
    )
    file = StoredFile.objects.create(owner=user, folder=folder, name=name, created_at=at, changed_at=at)
    media = names.content_type(name)
    version = Version.objects.create(
        file=file,
        number=1,
        blob=blob,
        grant=grant,
        size=len(content),
        content_type=media,
        kind=names.kind(media),
        picture=Version.Picture.DUE if media in names.DRAWN else Version.Picture.NONE,
        created_at=at,
    )
    StoredFile.objects.filter(pk=file.pk).update(current=version)
    return grant


def _write_ledger(made: list[Grant]) -> None:
    """Write what was used when, in the order of time, and what each account uses at the end of it."""
    used = dict(Account.objects.values_list("pk", "used"))
    rows = []
    for grant in sorted(made, key=lambda each: (each.created_at, each.pk)):
        for account, amount in grant.charges().items():
            used[account] += amount
            rows.append(
                UsageEvent(
                    account_id=account,
                    at=grant.created_at,
                    change=amount,
                    used=used[account],
                    grant_key=grant.key,
                )
            )
    UsageEvent.objects.bulk_create(rows)
    for account in {row.account_id for row in rows}:
        Account.objects.filter(pk=account).update(used=used[account])
