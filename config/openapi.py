"""What django-ninja's OpenAPI document lacks: problems as what they are, examples, and the words about the whole."""

import json
from typing import Any

from lib.payloads import SESSION_ONLY
from lib.problems import CONTENT_TYPE

JSON_TYPE = "application/json"
DESCRIPTION = """\
Everything that a member can do at the hall, a program can do for them. Requests and answers are JSON; moments are
RFC 3339 in UTC; lists come in pages, newest first; every error is a problem (RFC 9457).
"""
TAGS = {
    "You": "Who is asking.",
    "Sessions": "The places where a person is signed in.",
    "Tokens": "What programs sign in with.",
    "Tags": "What things are called, and finding them by it.",
    "Likes": "What people said to a thing without words, and taking it back.",
    "Preferences": "How a person wants the hall to look and to tell the time.",
}
# What each refusal means here, and one that a client may get.
REFUSALS: dict[str, dict[str, Any]] = {
    "400": {"detail": "The body is not JSON: expecting value at line 1, column 9."},
    "401": {"detail": "This token is unknown, expired or revoked."},
    "403": {"type": "/api/docs#insufficient-scope", "detail": "This token has not the scope `write`."},
    "404": {"detail": "There is no such thing, or it is not yours to see."},
    "409": {"detail": "You have 50 tokens, which is the most. Revoke one that you do not use."},
    "412": {"detail": "It was changed meanwhile. Read it again, then decide again."},
    "413": {"detail": "Send at most 2621440 bytes."},
    "415": {"detail": "Send the body as `application/json`."},
    "422": {
        "detail": "Some of it cannot be taken.",
        "errors": [{"in": "body", "pointer": "/name", "detail": "This is needed."}],
    },
    "428": {"detail": "Send `If-Match` with the `ETag` of what you read, so that no newer choice is lost."},
    "429": {"detail": "At most 600 requests in 60 seconds. Wait 3 seconds."},
}
HEADERS: dict[str, dict[str, str]] = {
    "401": {"WWW-Authenticate": "How to say who you are (RFC 6750)."},
    "429": {"Retry-After": "Seconds to wait."},
}
SUCCESS_HEADERS = {
    "X-Request-ID": "The name under which the logs keep this request.",
    "RateLimit": "What is left of the limit, and after how many seconds it is full again.",
    "RateLimit-Policy": "The limit.",
}
Node = dict[str, Any]


def complete(schema: Node) -> Node:
    """Return a plain copy of ninja's document with what it lacks."""
    document: Node = json.loads(json.dumps(schema))
    document["info"]["description"] = DESCRIPTION
    document["servers"] = [{"url": "/"}]
    used = {tag for _, _, operation in operations(document) for tag in operation["tags"]}
    document["tags"] = [{"name": name, "description": text} for name, text in TAGS.items() if name in used]
    for _, method, operation in operations(document):
        for status, response in operation["responses"].items():
            _complete_response(document, status, response)
        if method == "get":
            operation["responses"]["200"]["headers"] |= _headers(
                {"ETag": "Names this state; send it in `If-None-Match`."}
            )
            operation["responses"]["304"] = {"description": "What your `If-None-Match` names still holds."}
        if operation.pop(SESSION_ONLY, False):
            operation["security"] = [{"SignedIn": []}]
        for parameter in operation["parameters"]:
            parameter["schema"].pop("example", None)
        for media in operation.get("requestBody", {}).get("content", {}).values():
            media["example"] = example_of(document, media["schema"])
    return document


def operations(document: Node) -> list[tuple[str, str, Node]]:
    """Return path, method and operation of each, in the order of the document."""
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def _complete_response(document: Node, status: str, response: Node) -> None:
    content = response.get("content", {})
    if status >= "400":
        schema = content.pop(JSON_TYPE)
        title = response["description"]
        example = {"type": "about:blank", "title": title, "status": int(status), **REFUSALS[status]}
        content[CONTENT_TYPE] = {"schema": schema["schema"], "example": example}
        response["headers"] = _headers(HEADERS.get(status, {}))
    else:
        response["headers"] = _headers(SUCCESS_HEADERS)
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
