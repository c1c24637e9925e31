"""The OpenAPI document as the reference page shows it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.web.api.description.shapes import Schema, named
from shared.web.identifiers import segment

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """The type of a value in words; `schema` is the one that it links to, between the words."""

    before: str
    schema: str | None = None
    after: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """A parameter, a header, or a member of a schema."""

    name: str
    kind: Kind
    required: bool
    description: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the answers; `example` is JSON or CSV, where there is one to show."""

    status: str
    description: str
    media_types: tuple[str, ...]
    kind: Kind | None
    headers: tuple[Member, ...]
    example: str | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation with everything that belongs to it; `body` is the kind of what is sent."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    keyed: bool
    scope: str | None
    parameters: tuple[Member, ...]
    body: Kind | None
    body_required: bool
    answers: tuple[Answer, ...]
    problems: tuple[Answer, ...]
    curl: str


@dataclass(frozen=True, slots=True)
class Group:
    """The operations of one tag."""

    name: str
    description: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Described:
    """A schema: its members, or the values that there are."""

    name: str
    description: str
    kind: Kind
    members: tuple[Member, ...]
    values: tuple[str, ...]


def groups(document: Document) -> list[Group]:
    """The operations, tag by tag, in the order of the document."""
    found: dict[str, list[Operation]] = {tag["name"]: [] for tag in document["tags"]}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            found[operation["tags"][0]].append(_operation(document, method, path, operation))
    return [Group(tag["name"], tag["description"], tuple(found[tag["name"]])) for tag in document["tags"]]


def schemas(document: Document) -> list[Described]:
    """The schemas by name."""
    return [_described(name, schema) for name, schema in document["components"]["schemas"].items()]


def _described(name: str, schema: Schema) -> Described:
    required = schema.get("required", ())
    members = tuple(
        Member(member, kind(value), member in required, value.get("description", ""))
        for member, value in schema.get("properties", {}).items()
    )
    values = tuple(str(value) for value in schema.get("enum", ()))
    return Described(name, schema.get("description", ""), kind(schema), members, values)


def _operation(document: Document, method: str, path: str, operation: Document) -> Operation:
    parameters = tuple(
        Member(
            parameter["name"],
            kind(parameter["schema"]),
            parameter["required"],
            parameter.get("description", ""),
            parameter["in"],
        )
        for parameter in operation.get("parameters", ())
    )
    body = operation.get("requestBody", {})
    content = body.get("content", {}).get("application/json")
    answers = [_answer(document, status, answer) for status, answer in operation["responses"].items()]
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description=operation["description"],
        keyed=bool(operation["security"]),
        scope=next((scope for way in operation["security"] for scope in way["apiKey"]), None),
        parameters=parameters,
        body=kind(content["schema"]) if content else None,
        body_required=body.get("required", False),
        answers=tuple(answer for answer in answers if answer.status < "400"),
        problems=tuple(answer for answer in answers if answer.status >= "400"),
        curl=_curl(document, method, path, operation, content),
    )


def _answer(document: Document, status: str, answer: Document) -> Answer:
    answer = _resolved(document, answer)
    content = answer.get("content", {})
    first: Document = next(iter(content.values()), {})
    headers = tuple(
        Member(name, kind(header["schema"]), header.get("required", False), header["description"])
        for name, reference in answer.get("headers", {}).items()
        for header in (_resolved(document, reference),)
        if name != "X-Request-Id"
    )
    example = first.get("example")
    return Answer(
        status,
        answer["description"],
        tuple(content),
        kind(first["schema"]) if "schema" in first else None,
        headers,
        None if example is None else _json(example),
    )


def kind(schema: Schema) -> Kind:
    """What kind of value the schema allows, in words."""
    name = named(schema)
    if name is not None:
        return Kind("", name)
    if "anyOf" in schema:
        plain = [one for one in schema["anyOf"] if one != {"type": "null"}]
        found = kind(plain[0])
        return Kind(found.before, found.schema, f"{found.after} or null") if len(plain) == 1 else Kind("any")
    if schema.get("type") == "array":
        found = kind(schema["items"])
        return Kind(f"list of {found.before}", found.schema, found.after)
    if "enum" in schema and len(schema["enum"]) <= 4:
        return Kind(" or ".join(map(str, schema["enum"])))
    if "const" in schema:
        return Kind(str(schema["const"]))
    return Kind(str(schema.get("format") or schema.get("type", "any")) + _bounds(schema))


def _bounds(schema: Schema) -> str:
    if "maxLength" in schema:
        return f", at most {schema['maxLength']:,} characters"
    if "minimum" in schema and "maximum" in schema:
        return f", {schema['minimum']:,} to {schema['maximum']:,}"
    return ""


def _curl(document: Document, method: str, path: str, operation: Document, content: Document | None) -> str:
    address, headers = path, ['"Authorization: Bearer $KEY"'] if operation["security"] else []
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            address = address.replace(f"{{{parameter['name']}}}", segment(str(parameter.get("example", "…"))))
        elif parameter["in"] == "header" and parameter["required"]:
            headers.append(f"'{parameter['name']}: {parameter['example']}'")
    lines = [f"curl {_verb(method)}'{document['servers'][0]['url']}{address}'"]
    lines += [f"-H {header}" for header in headers]
    if content is not None:
        lines += ["-H 'Content-Type: application/json'", f"-d '{json.dumps(content['example'])}'"]
    return " \\\n     ".join(lines)


def _verb(method: str) -> str:
    return "" if method == "get" else f"-X {method.upper()} "


def _json(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _resolved(document: Document, value: Document) -> Document:
    target = value.get("$ref")
    if target is None:
        return value
    for part in target.removeprefix("#/").split("/"):
        document = document[part]
    return document
