"""The JSON API of people, the places where they are signed in, and their tokens."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from django.contrib.auth import logout
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import ConfigDict, Field

from lib import keyset
from lib.payloads import EXAMPLES, SESSION_ONLY, Line, Listing, PageQuery, Payload, RowId, refusals
from sessions_app import services
from sessions_app.api_auth import ApiRequest, require_recent_proof
from sessions_app.models import ApiToken, Session

router = Router()

ScopeName = Literal["read", "write"]
FIREFOX: dict[str, Any] = {
    "id": 12,
    "label": "Firefox on Android",
    "place": "198.51.0.0/16",
    "created_at": "2026-11-20T08:12:45.120Z",
    "last_seen_at": "2026-11-24T19:58:02.730Z",
    "expires_at": "2026-12-20T08:12:45.120Z",
    "remembered": True,
    "current": False,
}
PRINTER: dict[str, Any] = {
    "id": 7,
    "name": "door printer",
    "hint": "gh_Zk3vQa",
    "scopes": ["read"],
    "created_at": "2026-11-24T20:01:13.482Z",
    "expires_at": "2027-02-22T20:01:13.482Z",
    "last_used_at": None,
}
TOO_MANY = "You have 50 tokens, which is the most. Revoke one that you do not use."


class Me(Schema):
    """The person whom this token or session stands for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 3,
                    "email": "alice@example.org",
                    "display_name": "Alice Archer",
                    "time_zone": "Europe/London",
                    "joined_at": "2026-01-09T10:00:00Z",
                    "scopes": ["read"],
                    "token_id": 7,
                }
            ]
        }
    )

    id: int
    email: str
    display_name: str
    time_zone: str = Field(description="An IANA name; empty: the zone of the browser.")
    joined_at: datetime
    scopes: list[ScopeName] = Field(description="What this request's token or session may do.")
    token_id: int | None = Field(description="The token that this request carried; null for a session.")


class SignedInPlace(Schema):
    """A place where the person is signed in."""

    model_config = ConfigDict(title="Session", json_schema_extra={"examples": [FIREFOX]})

    id: int
    label: str = Field(description="Browser and system, as far as they can be told.")
    place: str = Field(description="The range of network addresses that it was opened from.")
    created_at: datetime
    last_seen_at: datetime = Field(description="To the minute.")
    expires_at: datetime = Field(description="When it ends, whatever happens; it ends sooner when it is not used.")
    remembered: bool
    current: bool = Field(description="Whether this request came with it.")

    @staticmethod
    def resolve_expires_at(row: Session) -> datetime:
        return row.absolute_expires_at

    @staticmethod
    def resolve_current(row: Session, context: dict) -> bool:
        request = context["request"]
        return request.auth.token is None and request.session.row_id == row.pk


class SessionList(Listing):
    items: list[SignedInPlace]


class Token(Schema):
    """An API token. The token itself is shown once, when it is made."""

    model_config = ConfigDict(json_schema_extra={"examples": [PRINTER]})

    id: int
    name: str
    hint: str = Field(description="How the token begins.")
    scopes: list[ScopeName]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class TokenList(Listing):
    items: list[Token]


class NewToken(Payload):
    """What a new token is for, and what it may do."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "door printer", "scopes": ["read"], "expires_in_days": 90}]}
    )

    name: Annotated[Line, Field(max_length=80, description="What will use it, so that you know it again.")]
    scopes: Annotated[list[ScopeName], Field(min_length=1, max_length=2)]
    expires_in_days: Annotated[int, Field(ge=1, le=365)] | None = Field(90, description="null: never.")


class MadeToken(Token):
    """A new token, and for this once the token itself."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [PRINTER | {"token": "gh_Zk3vQa8mY2cN5tR7wX1bD4fH6jL9pS0uV3yE6gK8nQ1"}]}
    )

    token: str = Field(description="Keep it now: it is not shown again.")


@router.get("/me", response={200: Me, **refusals()}, tags=["You"], summary="Who am I?")
def show_me(request: ApiRequest) -> object:
    """The person behind this request, and what it may do."""
    user, token = request.auth.user, request.auth.token
    return {
        "id": user.pk,
        "email": user.email,
        "display_name": user.display_name,
        "time_zone": user.time_zone,
        "joined_at": user.joined_at,
        "scopes": request.auth.scopes,
        "token_id": token.pk if token else None,
    }


@router.get(
    "/sessions", response={200: SessionList, **refusals(422)}, tags=["Sessions"], summary="List where I am signed in"
)
def list_sessions(request: ApiRequest, paging: PageQuery) -> object:
    """Every place where the person is signed in, the newest first."""
    rows = Session.objects.visible_to(request.auth.user).active()
    return keyset.page(rows, by=("created_at", "id"), limit=paging.limit, cursor=paging.cursor)


@router.get(
    "/sessions/{int:session_id}",
    response={200: SignedInPlace, **refusals(404)},
    tags=["Sessions"],
    summary="Show one place where I am signed in",
)
def show_session(request: ApiRequest, session_id: RowId) -> Session:
    """One that has ended is not found."""
    return get_object_or_404(Session.objects.visible_to(request.auth.user).active(), pk=session_id)


@router.delete(
    "/sessions/{int:session_id}",
    response={204: None, **refusals(404)},
    tags=["Sessions"],
    summary="Sign out somewhere",
)
def end_session(request: ApiRequest, session_id: RowId) -> object:
    """End a session; its next request is refused. One that has ended already stays ended, and the answer is the same.

    A token with the scope `write` may do this: it can only take access away. A session has to have signed in within
    the last five minutes, as on the page.
    """
    require_recent_proof(request, token_may=True)
    session = get_object_or_404(Session.objects.visible_to(request.auth.user), pk=session_id)
    if request.auth.token is None and session.pk == request.session.row_id:
        logout(request)
        return Status(204, None)
    services.end_session(
        session_id=session.pk, by=request.auth.user, reason=Session.Reason.PERSON, client=request.client
    )
    return Status(204, None)


@router.get("/tokens", response={200: TokenList, **refusals(422)}, tags=["Tokens"], summary="List my tokens")
def list_tokens(request: ApiRequest, paging: PageQuery) -> object:
    """Every token of the person that works, the newest first; never the tokens themselves."""
    rows = ApiToken.objects.visible_to(request.auth.user).active()
    return keyset.page(rows, by=("id",), limit=paging.limit, cursor=paging.cursor)


@router.post(
    "/tokens",
    response={201: MadeToken, **refusals(409, body=True)},
    tags=["Tokens"],
    summary="Make a token",
    openapi_extra={SESSION_ONLY: True, EXAMPLES: {409: {"detail": TOO_MANY}}},
)
def create_token(request: ApiRequest, new: NewToken) -> object:
    """Only for somebody who signed in here within the last five minutes: a token never makes another, or whoever
    steals one could keep access after it is revoked.
    """
    require_recent_proof(request, token_may=False)
    row, plain = services.create_token(
        user_id=request.auth.user.pk,
        name=new.name,
        scopes=list(new.scopes),
        expires_at=timezone.now() + timedelta(days=new.expires_in_days) if new.expires_in_days else None,
        client=request.client,
    )
    return Status(201, Token.from_orm(row).model_dump() | {"token": plain})


@router.delete(
    "/tokens/{int:token_id}", response={204: None, **refusals(404)}, tags=["Tokens"], summary="Revoke a token"
)
def revoke_token(request: ApiRequest, token_id: RowId) -> object:
    """The token stops working at once. One that was revoked already stays revoked, and the answer is the same.

    A token may revoke itself and no other; a session has to have signed in within the last five minutes.
    """
    token = get_object_or_404(ApiToken.objects.visible_to(request.auth.user), pk=token_id)
    require_recent_proof(request, token_may=token == request.auth.token)
    services.revoke_token(token_id=token.pk, by=request.auth.user, client=request.client)
    return Status(204, None)
