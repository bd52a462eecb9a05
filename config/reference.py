"""The OpenAPI document as people read it: sections, operations, fields and examples. Plain values in and out."""

import json
import shlex
from dataclasses import dataclass
from typing import Any, NamedTuple

from config.openapi import Node, operations, resolve

# So many values of a choice are written out; of more, one is named.
CHOICES_SHOWN = 12
KINDS = {"integer": "whole number", "string": "text", "boolean": "true or false", "null": "null"}


class Words(NamedTuple):
    """A piece of a sentence; `code` for what stands in backticks."""

    text: str
    code: bool


@dataclass(frozen=True)
class Field:
    name: str
    place: str
    kind: str
    needed: bool
    about: list[Words]


@dataclass(frozen=True)
class Answer:
    status: str
    title: str
    example: str

    @property
    def went_well(self) -> bool:
        return self.status < "400"


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    path: str
    summary: str
    paragraphs: list[list[Words]]
    who: list[Words]
    leaves: bool
    fields: list[Field]
    curl: str
    answers: list[Answer]


@dataclass(frozen=True)
class Section:
    slug: str
    title: str
    about: str
    operations: list[Operation]


def sections(document: Node, *, base: str) -> list[Section]:
    """Return the operations by tag, in the order of the tags; `base` begins the addresses of the examples."""
    return [
        Section(
            tag["name"].lower().replace(" ", "-"),
            tag["name"],
            tag["description"],
            [
                _operation(document, base, path, method, operation)
                for path, method, operation in operations(document)
                if tag["name"] in operation["tags"]
            ],
        )
        for tag in document["tags"]
    ]


def _operation(document: Node, base: str, path: str, method: str, operation: Node) -> Operation:
    return Operation(
        name=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        paragraphs=[words(each.replace("\n", " ")) for each in operation["description"].split("\n\n")],
        who=words(_who(method, operation)),
        leaves=operation.get("deprecated", False),
        fields=[*map(_parameter, operation["parameters"]), *_body_fields(document, operation)],
        curl=_curl(base, path, method, operation),
        answers=[_answer(status, response) for status, response in sorted(operation["responses"].items())],
    )


def _session_only(operation: Node) -> bool:
    return bool(operation["security"] == [{"SignedIn": []}])


def _who(method: str, operation: Node) -> str:
    if not operation["security"]:
        return "anybody"
    if _session_only(operation):
        return "signed in, no token"
    return "scope `read`" if method in {"get", "head", "options"} else "scope `write`"


def words(text: str) -> list[Words]:
    """Split a sentence at its backticks."""
    return [Words(part, index % 2 == 1) for index, part in enumerate(text.split("`")) if part]


def _parameter(parameter: Node) -> Field:
    return Field(
        parameter["name"],
        parameter["in"],
        kind_of(parameter["schema"]),
        parameter["required"],
        words(parameter.get("description", "")),
    )


def _media(content: Node) -> Node:
    return next(iter(content.values()), {})


def _body_fields(document: Node, operation: Node) -> list[Field]:
    media = _media(operation.get("requestBody", {}).get("content", {}))
    schema = resolve(document, media.get("schema", {}))
    return [
        Field(name, "body", kind_of(inner), name in schema.get("required", []), words(inner.get("description", "")))
        for name, inner in schema.get("properties", {}).items()
    ]


def kind_of(schema: Node) -> str:
    """Say what a value may be: "whole number, 1 to 100", "one of read, write", "text, or null"."""
    if "anyOf" in schema:
        return ", or ".join(kind_of(each) for each in schema["anyOf"])
    values = [each for each in schema.get("enum", []) if each != ""]
    if len(values) > CHOICES_SHOWN:
        return f"one of {len(values)} names such as {schema.get('examples', values)[0]}"
    if values:
        return "one of " + ", ".join(str(each) for each in values)
    if schema.get("type") == "array":
        return f"list: {kind_of(schema['items'])}"
    kind = KINDS.get(schema.get("type", ""), "value")
    if "minimum" in schema and schema["maximum"] < 2**31:
        return f"{kind}, {schema['minimum']} to {schema['maximum']}"
    return f"{kind}, at most {schema['maxLength']} characters" if "maxLength" in schema else kind


def _curl(base: str, path: str, method: str, operation: Node) -> str:
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", str(parameter.get("example", 1)))
    who = '-b "session=$SESSION; csrftoken=$CSRF" -H "X-CSRFToken: $CSRF"'
    if not operation["security"]:
        who = ""
    elif not _session_only(operation):
        who = '-H "Authorization: Bearer $TOKEN"'
    lines = ["curl" if method == "get" else f"curl -X {method.upper()}", *([who] if who else [])]
    lines += [
        "-H " + shlex.quote(f"{each['name']}: {each['example']}")
        for each in operation["parameters"]
        if each["in"] == "header" and each["required"]
    ]
    content = operation.get("requestBody", {}).get("content", {})
    media = _media(content)
    if "example" not in media and content:
        lines += [f"-H 'Content-Type: {next(iter(content))}'", "--data-binary @FILE"]
    elif media:
        lines += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(json.dumps(media['example']))}"]
    return " \\\n  ".join([*lines, f"{base}{path}"])


def _answer(status: str, response: Node) -> Answer:
    media = _media(response.get("content", {}))
    example: Any = media.get("example")
    return Answer(
        status, response["description"], "" if example is None else json.dumps(example, indent=2, ensure_ascii=False)
    )
