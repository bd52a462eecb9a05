"""What django-ninja's OpenAPI document lacks: problems as what they are, examples, and the words about the whole."""

import json
from typing import Any

from lib.payloads import EXAMPLES, ONCE, SESSION_ONLY
from lib.problems import BLANK, CONTENT_TYPE

JSON_TYPE = "application/json"
DESCRIPTION = """\
Everything that a member can do at the hall, a program can do for them. Requests and answers are JSON; moments are
RFC 3339 in UTC; lists come in pages, newest first; every error is a problem (RFC 9457).
"""
TAGS = {
    "You": "Who is asking.",
    "Sessions": "The places where a person is signed in.",
    "Tokens": "What programs sign in with.",
    "Webhooks": "Servers that hear of what happens, and what they were told.",
    "Mail": "Which mail a person gets, and for operators what became of each.",
    "Files": "What a person may store, and uploads that go on where they were cut off (tus 1.0).",
    "Tags": "What things are called, and finding them by it.",
    "Likes": "What people said to a thing without words, and taking it back.",
    "Discussions": "The noticeboard: what hangs there, and opening something.",
    "Comments": "What is said about things, and saying something.",
    "Preferences": "How a person wants the hall to look and to tell the time.",
    "Flags": "What is switched on, and for whom.",
}
# What each refusal says, where an operation does not say it by itself.
REFUSALS: dict[str, dict[str, Any]] = {
    "400": {"detail": "A zero byte came with it, and text cannot hold one."},
    "401": {"detail": "This token is unknown, expired or revoked."},
    "404": {"detail": "There is no such thing, or it is not yours to see."},
    "411": {"detail": "Say how long the body is, in `Content-Length`."},
    "412": {"detail": "It was changed meanwhile. Read it again, then decide again."},
    "413": {"detail": "Send at most 2621440 bytes."},
    "415": {"detail": "Send the body as `application/json`."},
    "428": {"detail": "Send `If-Match` with the `ETag` of what you read, so that no newer choice is lost."},
    "429": {"detail": "At most 600 requests in 60 seconds. Wait 3 seconds."},
}
NOT_JSON = {"detail": "The body is not JSON: expecting value at line 1, column 9."}
NOT_FOR_TOKENS = {
    "type": "/api/docs#session-required",
    "detail": "The person has to do this where they are signed in; a token cannot.",
}
OUTSTANDING = {
    "type": "/api/idempotency#outstanding",
    "title": "A request is outstanding for this Idempotency-Key",
    "detail": "The first request with this key still runs. Send this one again, unchanged.",
}
DONE_ALREADY = {
    "type": "/api/idempotency#lost",
    "title": "Done already",
    "detail": "This was done already. Its answer is shown only once.",
}
KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A name of yours for this request: sent again under it, it is done once and answered alike.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "example": '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
}
HEADERS: dict[str, dict[str, str]] = {
    "401": {"WWW-Authenticate": "How to say who you are (RFC 6750)."},
    "409": {"Retry-After": "Seconds to wait, when a request with the same `Idempotency-Key` still runs."},
    "412": {"ETag": "What holds now."},
    "429": {"Retry-After": "Seconds to wait."},
}
EVERY_HEADER = {
    "X-Request-ID": "The name under which the logs keep this request.",
    "RateLimit": "What is left of the limit, and after how many seconds it is full again.",
    "RateLimit-Policy": "The limit.",
}
LEAVING = {
    "Deprecation": "Since when it is known that this operation leaves, as `@` and Unix seconds (RFC 9745).",
    "Sunset": "When it leaves (RFC 8594).",
}
REPLAYED = {"Idempotent-Replayed": "`true` when this is the answer of an earlier request with the same key."}
NEXT_PAGE = {"Link": 'Where the next page is, with `rel="next"` (RFC 8288).'}
PROBLEM = {"$ref": "#/components/schemas/Problem"}
Node = dict[str, Any]


def complete(schema: Node) -> Node:
    """Return a plain copy of ninja's document with what it lacks."""
    document: Node = json.loads(json.dumps(schema))
    document["info"]["description"] = DESCRIPTION
    document["servers"] = [{"url": "/"}]
    used = {tag for _, _, operation in operations(document) for tag in operation["tags"]}
    document["tags"] = [{"name": name, "description": text} for name, text in TAGS.items() if name in used]
    for _, method, operation in operations(document):
        _complete_operation(document, method, operation)
    return document


def _complete_operation(document: Node, method: str, operation: Node) -> None:
    own, once = operation.pop(EXAMPLES, {}), operation.pop(ONCE, None)
    session_only = operation.pop(SESSION_ONLY, False)
    # Said plainly where it is nobody.
    operation.setdefault("security", [])
    if session_only:
        operation["security"] = [{"SignedIn": []}]
    for parameter in operation["parameters"]:
        parameter["schema"].pop("example", None)
    for media in operation.get("requestBody", {}).get("content", {}).values():
        # A stream has no schema, and nothing to show.
        if "schema" in media:
            media["example"] = example_of(document, media["schema"])
    # Of its own, and what every operation may say, in the light of what this one takes.
    said = REFUSALS | _said_of(document, method, operation, session_only=session_only) | own
    if once is not None:
        operation["parameters"].append(KEY | {"required": once["required"]})
        operation["responses"].setdefault("409", _problem_response("Conflict"))
        said.setdefault("409", OUTSTANDING)
    if method == "get":
        _complete_read(operation)
    for status, response in operation["responses"].items():
        _complete_response(document, status, response, said)
        if status < "400" and once is not None:
            response["headers"] |= _headers(REPLAYED)
            if once["secret"]:
                example = {"status": int(status), **DONE_ALREADY}
                response["content"][CONTENT_TYPE] = {"schema": PROBLEM, "example": example}
        if operation.get("deprecated"):
            response["headers"] |= _headers(LEAVING)


def _complete_read(operation: Node) -> None:
    tag = _headers({"ETag": "Names this state; send it in `If-None-Match`."})
    paged = "cursor" in {each["name"] for each in operation["parameters"]}
    operation["responses"]["200"]["headers"] = tag | (_headers(NEXT_PAGE) if paged else {})
    operation["responses"]["304"] = {"description": "What your `If-None-Match` names still holds.", "headers": tag}


def _said_of(document: Node, method: str, operation: Node, *, session_only: bool) -> Node:
    """Return what the refusals of this operation say: the scope, the parts and the kinds of body that it knows."""
    scope = "read" if method in {"get", "head", "options"} else "write"
    no_scope = {"type": "/api/docs#insufficient-scope", "detail": f"This token has not the scope `{scope}`."}
    part = {"in": "query", "pointer": "colour", "detail": "There is no such parameter: leave it out."}
    if "limit" in {each["name"] for each in operation["parameters"]}:
        part = {"in": "query", "pointer": "limit", "detail": "Input should be less than or equal to 100"}
    said: Node = {"403": NOT_FOR_TOKENS if session_only else no_scope}
    content = operation.get("requestBody", {}).get("content", {})
    if JSON_TYPE in content:
        said["400"] = NOT_JSON
        part = _wrong_part(resolve(document, content[JSON_TYPE]["schema"]))
    elif content:
        said["415"] = {"detail": f"Send the body as `{next(iter(content))}`."}
    return said | {"422": {"detail": "Some of it cannot be taken.", "errors": [part]}}


def _wrong_part(schema: Node) -> Node:
    if schema.get("required"):
        return {"in": "body", "pointer": f"/{schema['required'][0]}", "detail": "This is needed."}
    return {"in": "body", "pointer": "/colour", "detail": "There is no such field: leave it out."}


def operations(document: Node) -> list[tuple[str, str, Node]]:
    """Return path, method and operation of each, in the order of the document."""
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def _problem_response(title: str) -> Node:
    return {"description": title, "content": {JSON_TYPE: {"schema": PROBLEM}}}


def _complete_response(document: Node, status: str, response: Node, said: Node) -> None:
    content = response.get("content", {})
    response["headers"] = response.get("headers", {}) | _headers(EVERY_HEADER)
    if status >= "400":
        schema = content.pop(JSON_TYPE)["schema"]
        example = {"type": BLANK, "title": response["description"], "status": int(status), **said.get(status, {})}
        content[CONTENT_TYPE] = {"schema": schema, "example": example}
        response["headers"] |= _headers(HEADERS.get(status, {}))
    else:
        for media in content.values():
            media["example"] = example_of(document, media["schema"])


def _headers(words: dict[str, str]) -> Node:
    return {name: {"description": text, "schema": {"type": "string"}} for name, text in words.items()}


def resolve(document: Node, schema: Node) -> Node:
    """Follow a reference to a named schema."""
    if "$ref" not in schema:
        return schema
    named: Node = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return named


def example_of(document: Node, schema: Node) -> Any:
    """Return the example that a schema gives, or one put together from those of its parts."""
    schema = resolve(document, schema)
    if "examples" in schema:
        example = schema["examples"][0]
        return {name: example[name] for name in schema["properties"] if name in example}
    if "properties" in schema:
        return {name: example_of(document, inner) for name, inner in schema["properties"].items()}
    if schema.get("type") == "array":
        return [example_of(document, schema["items"])]
    return None
