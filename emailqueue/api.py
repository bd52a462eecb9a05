"""The JSON API of mail: a member's wishes, and for operators the story of a mail."""

from datetime import datetime
from typing import Annotated, Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field

from emailqueue import addresses
from emailqueue.models import Email, EmailEvent, EmailRecipient
from emailqueue.services import wishes
from lib import keyset
from lib.payloads import Listing, PageQuery, Payload, RowId, refusals
from sessions_app.requests import Request

router = Router(tags=["Mail"])

MOMENT = "2026-11-24T20:01:13.482Z"
WISHES: dict[str, Any] = {
    "topics": {"news": True, "reminders": True, "digest": False},
    "everything_off": False,
    "noted": False,
}
LINE: dict[str, Any] = {
    "at": MOMENT,
    "kind": "bounced_hard",
    "address": "bob@example.org",
    "status": "5.1.1",
    "detail": "postmark: unknown user",
}
PERSON: dict[str, Any] = {
    "address": "bob@example.org",
    "state": "bounced",
    "status": "5.1.1",
    "reply": "550 5.1.1 No such user",
}
MAIL: dict[str, Any] = {
    **{"id": 12, "subject": "The week in the hall", "kind": "bulk", "topic": "digest", "state": "sent"},
    **{"created_at": MOMENT, "finished_at": MOMENT, "attempts": 1},
}


# What the service refuses by name is in the document as well.
Topic = Annotated[str, Field(json_schema_extra={"enum": list(settings.EMAIL_TOPICS)})]


class MailWishes(Schema):
    """Which mail goes to the person's address."""

    model_config = ConfigDict(json_schema_extra={"examples": [WISHES]})

    topics: dict[str, bool] = Field(description="Each topic of the hall, and whether it is wanted.")
    everything_off: bool = Field(description="Nothing of any topic, nor of those that come later.")
    noted: bool = Field(description="Whether the hall may note that a mail is opened or a link in it followed.")


class MailWishesChange(Payload):
    """The wishes as they are to be."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"topics": ["news", "reminders"], "everything_off": False, "noted": False}]}
    )

    topics: list[Topic] = Field(max_length=100, description="The topics that are wanted; all others are not.")
    everything_off: bool = False
    noted: bool = False


class MailPerson(Schema):
    """One recipient and their fate."""

    model_config = ConfigDict(json_schema_extra={"examples": [PERSON]})

    address: str
    state: str
    status: str = Field(description="The enhanced status code (RFC 3463), where the server gave one.")
    reply: str


class MailLine(Schema):
    """One line of a mail's story."""

    model_config = ConfigDict(json_schema_extra={"examples": [LINE]})

    at: datetime
    kind: str
    address: str = Field(description="Empty when it is about the whole mail.")
    status: str
    detail: str


class Mail(Schema):
    """A mail that the hall sent or sends."""

    model_config = ConfigDict(json_schema_extra={"examples": [MAIL]})

    id: int
    subject: str
    kind: str
    topic: str
    state: str
    created_at: datetime
    finished_at: datetime | None
    attempts: int


class MailStory(Mail):
    """A mail with its recipients and everything that happened to it; not what it says."""

    model_config = ConfigDict(json_schema_extra={"examples": [{**MAIL, "recipients": [PERSON], "story": [LINE]}]})

    recipients: list[MailPerson]
    story: list[MailLine]


class Mails(Listing):
    items: list[Mail]


class MailQuery(Schema):
    """Which mails a list holds."""

    address: str = Field("", max_length=254, description="Only mails to this address.")


@router.get("/mail-wishes", response={200: MailWishes, **refusals()}, summary="Which mail do I get?")
def show_mail_wishes(request: Request) -> dict[str, object]:
    """The topics of the hall and whether they go to the person's address. Mail about one's own acts always comes."""
    return wishes.wishes(address=request.user.email)


@router.put("/mail-wishes", response={200: MailWishes, **refusals(body=True)}, summary="Choose which mail I get")
def choose_mail_wishes(request: Request, wanted: MailWishesChange) -> dict[str, object]:
    """Replace the wishes; they hold from the next mail on."""
    wishes.choose(
        address=request.user.email,
        wanted=wanted.topics,
        everything_off=wanted.everything_off,
        noted=wanted.noted,
        source="api",
    )
    return wishes.wishes(address=request.user.email)


def _readable(request: Request) -> QuerySet[Email]:
    """Return what the caller may read: operators everything, others nothing."""
    if not request.user.has_perm("emailqueue.view_email"):
        raise Http404
    return Email.objects.defer("text", "html", "variables")


@router.get("/mails", response={200: Mails, **refusals(404, 422)}, summary="Mails of the hall")
def list_mails(request: Request, paging: PageQuery, asked: Query[MailQuery]) -> keyset.Page[Email]:
    """Newest first, for operators."""
    rows = _readable(request)
    if asked.address:
        rows = rows.filter(recipients__address=addresses.as_written_to(asked.address))
    return keyset.page(rows, by=["id"], limit=paging.limit, cursor=paging.cursor)


@router.get("/mails/{mail_id}", response={200: MailStory, **refusals(404)}, summary="What became of a mail")
def show_mail(request: Request, mail_id: RowId) -> dict[str, Any]:
    """Recipients, and every line of the story, oldest first, for operators."""
    email = get_object_or_404(_readable(request), pk=mail_id)
    people = EmailRecipient.objects.filter(email=email).order_by("pk")
    story = EmailEvent.objects.filter(email=email).order_by("at", "pk")
    return {**{name: getattr(email, name) for name in MAIL}, "recipients": list(people), "story": list(story)}
