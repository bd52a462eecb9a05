"""What goes in and out of the API of comments."""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.core.exceptions import ValidationError
from ninja import Path, Schema
from pydantic import AfterValidator, ConfigDict, Field

from comments.forms import readable
from comments.models import APPEAL_MAX, COMMENT_MAX, VERDICT_MAX
from lib.payloads import Line, Listing, Payload
from quotas.models import ATTACHED_MAX

EXAMPLE: dict[str, Any] = {
    "id": 481,
    "parent": 474,
    "depth": 2,
    "author": "Bob Okonkwo",
    "state": "visible",
    "body": "I bring *salt*.",
    "html": "<p>I bring <em>salt</em>.</p>\n",
    "ups": 4,
    "downs": 0,
    "replies": 1,
    "files": [],
    "created_at": "2026-11-24T20:01:13.482Z",
    "url": "/comments/481",
}
APPEAL: dict[str, Any] = {
    "id": 7,
    "text": "It was a joke among friends.",
    "created_at": "2026-11-24T21:12:40.120Z",
    "decided_at": None,
    "granted": None,
    "answer": "",
}
ACT: dict[str, Any] = {
    "id": 31,
    "kind": "hide",
    "reason": "Rude",
    "comment": 481,
    "created_at": "2026-11-24T20:40:02.733Z",
    "may_appeal": False,
    "appeal": APPEAL,
}
OPEN_APPEAL: dict[str, Any] = APPEAL | {
    "by": "Bob Okonkwo",
    "act": 31,
    "kind": "hide",
    "reason": "Rude",
    "acted_by": "Mona Lindqvist",
    "comment": 481,
}


def checked(text: str) -> str:
    try:
        return readable(text)
    except ValidationError as error:
        raise ValueError(error.messages[0]) from error


Body = Annotated[str, Field(min_length=1, max_length=COMMENT_MAX, description="Markdown."), AfterValidator(checked)]
Reason = Annotated[Line, Field(max_length=VERDICT_MAX), AfterValidator(checked)]
Attached = Annotated[
    list[Annotated[int, Field(ge=1, le=2**63 - 1)]],
    Field(max_length=ATTACHED_MAX, description="Of your own files, by the `file_id` that their upload tells."),
]
Plea = Annotated[str, Field(min_length=1, max_length=APPEAL_MAX), AfterValidator(checked)]
Target = Annotated[
    str, Path(description="What kind of thing, such as `comments.discussion`.", example="comments.discussion")
]


class FileOut(Schema):
    """A file at a comment."""

    id: int = Field(description="Of this file at this comment.")
    name: str
    size: int = Field(description="In bytes.")
    content_type: str
    url: str


class CommentOut(Schema):
    """One comment; of a tombstone and of what is held nothing is told but where it stands."""

    model_config = ConfigDict(title="Comment", json_schema_extra={"examples": [EXAMPLE]})

    id: int
    parent: int | None = Field(description="What it answers; null on the first level.")
    depth: int
    author: str | None = Field(description="Null when they left, and of a tombstone.")
    state: str
    body: str = Field(description="Markdown, as it was written.")
    html: str = Field(description="The same, rendered and sanitised.")
    ups: int
    downs: int
    replies: int = Field(description="Visible comments right below.")
    files: list[FileOut] = Field(description="What is attached.")
    created_at: datetime
    url: str


class CommentList(Listing):
    items: list[CommentOut]


class CommentIn(Schema):
    """What to say."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"body": "I bring *salt*.", "parent": 474}]}
    )

    body: Body
    parent: int | None = Field(None, ge=1, le=2**63 - 1, description="What it answers; without one it stands alone.")
    files: Attached = []


class CommentChange(Schema):
    """What it says instead."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"body": "I bring **much** salt."}]})

    body: Body


class ReportIn(Schema):
    """Why a moderator should look at it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "rude", "note": "Again"}]})

    reason: Literal["rude", "spam", "topic", "unsafe", "other"]
    note: Reason | None = Field(None, description="Only moderators read it.")


class ActIn(Schema):
    """What a moderator does, and why; of a comment that is hidden or removed everybody reads it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"kind": "hide", "reason": "Off the topic"}]}
    )

    kind: Literal["hide", "remove", "restore", "keep"]
    reason: Reason


class AppealOut(Schema):
    """That another moderator should look at an act again, and what came of it."""

    model_config = ConfigDict(title="Appeal", json_schema_extra={"examples": [APPEAL]})

    id: int
    text: str
    created_at: datetime
    decided_at: datetime | None = Field(description="Null while it waits.")
    granted: bool | None = Field(description="Null while it waits.")
    answer: str


class ActOut(Schema):
    """What a moderator did, and why."""

    model_config = ConfigDict(title="Act", json_schema_extra={"examples": [ACT]})

    id: int
    kind: str
    reason: str
    comment: int | None = Field(description="What it was about; null when it was about a discussion or a whole thread.")
    created_at: datetime
    may_appeal: bool
    appeal: AppealOut | None


class ActList(Listing):
    items: list[ActOut]


class OpenAppealOut(AppealOut):
    """An appeal that waits for a moderator."""

    model_config = ConfigDict(title="OpenAppeal", json_schema_extra={"examples": [OPEN_APPEAL]})

    by: str
    act: int
    kind: str = Field(description="Of the act.")
    reason: str = Field(description="Of the act.")
    acted_by: str | None
    comment: int | None


class OpenAppealList(Listing):
    items: list[OpenAppealOut]


class AppealIn(Payload):
    """What should be seen otherwise."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "It was a joke among friends."}]})

    text: Plea


class DecisionIn(Payload):
    """Whether the act is taken back, and why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"granted": True, "answer": "It was."}]})

    granted: bool
    answer: Reason
