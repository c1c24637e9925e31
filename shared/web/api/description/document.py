"""The OpenAPI document, made from the routes of the API."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.routing import BaseRoute

from shared import __version__
from shared.web import csv_table
from shared.web.api.description.examples import example
from shared.web.api.description.glossary import word
from shared.web.api.description.links import links
from shared.web.api.description.operations import OPERATIONS, Said
from shared.web.api.description.preface import DESCRIPTION, HEADERS
from shared.web.api.description.problems import SCHEMAS, response, responses
from shared.web.api.description.sentences import first_sentence, paragraphs
from shared.web.api.description.shapes import Schema, Schemas, named, published, reference, tidy
from shared.web.api.keys import KeyedRoute
from shared.web.api.once import HEADER, PATTERN

Document = dict[str, Any]

PREFIX = "/api/v1"
_MERGE_PATCH = "application/merge-patch+json"
_CSV = csv_table.MEDIA_TYPE.partition(";")[0]
_WITH_ETAG = {"Connection", "Contact"}
_METHODS = ("get", "put", "post", "patch", "delete")


_IDEMPOTENCY: Document = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": f"^({PATTERN})$"},
    "description": "A word of your own for this request, such as a UUID. Sent again with it within 24 "
    "hours, the request is not carried out again: the first answer is repeated, with "
    "`Idempotency-Replayed: true`.",
    "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
}
_SENT_AGAIN = {409: ("idempotency_in_progress",), 422: ("idempotency_mismatch",)}


class _Route(RouteContext):
    """A route as get_openapi takes it; HEAD goes without saying, as it answers like GET."""

    @property
    def methods(self) -> set[str]:
        return {method for method in super().methods or () if method != "HEAD"}

    @property
    def operation_id(self) -> str:
        return said(self).id


def document(routes: Sequence[BaseRoute], public_url: str) -> Document:
    """The description of the API that these routes are."""
    described = list(_described(routes))
    raw = get_openapi(title="Tenantry", version=__version__, openapi_version="3.1.1", routes=described)
    schemas = published({**raw["components"]["schemas"], **SCHEMAS})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    known = [said(route).id for route in described]
    paths = {
        path: {method: item[method] for method in _METHODS if method in item}
        for path, item in raw["paths"].items()
    }
    for route in described:
        (method,) = route.methods
        _finish(paths[route.path_format or ""][method.lower()], route, schemas, known)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Tenantry",
            "version": __version__,
            "summary": "Microsoft Entra ID tenants, kept in step with a PSA's contacts.",
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": public_url}],
        "security": [{"apiKey": []}],
        "tags": _tags(described),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": responses(),
            "headers": dict(HEADERS),
            "securitySchemes": {
                "apiKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "tnt_…",
                    "description": "A key of the account; the operator makes it, and it can be revoked.",
                }
            },
        },
    }


def said(route: RouteContext) -> Said:
    """What is said about the operation, or else what its function and its docstring say."""
    (method,) = {name for name in route.methods or () if name != "HEAD"}
    path = (route.path_format or "").removeprefix(PREFIX)
    function = route.endpoint
    name = getattr(function, "__name__", "operation")
    words = name.split("_")
    fallback = Said(
        words[0] + "".join(map(str.capitalize, words[1:])) + _tag(route).title().replace(" ", ""),
        first_sentence(getattr(function, "__doc__", "") or name).rstrip("."),
    )
    return OPERATIONS.get(f"{method} {path}", fallback)


def _described(routes: Sequence[BaseRoute]) -> Iterator[_Route]:
    for found in iter_route_contexts(routes):
        path = found.path_format or ""
        if (
            isinstance(found.original_route, APIRoute)
            and path.startswith(f"{PREFIX}/")
            and found.include_in_schema
        ):
            yield _Route(found.route, found._route_context)  # noqa: SLF001


def _tag(route: RouteContext) -> str:
    module = getattr(route.endpoint, "__module__", "").rpartition(".")[2]
    return "Service" if module in {"api", "reference"} else module.replace("_", " ").capitalize()


def _tags(routes: Iterable[RouteContext]) -> list[Document]:
    """One for each module of routes, in order; its docstring says what it is about."""
    found: dict[str, str] = {}
    for route in routes:
        module = sys.modules[getattr(route.endpoint, "__module__", "")]
        found.setdefault(_tag(route), paragraphs(module.__doc__ or ""))
    found["Service"] = "The service itself. No key is needed."
    return [{"name": name, "description": text} for name, text in found.items()]


def _finish(operation: Document, route: RouteContext, schemas: Schemas, known: Sequence[str]) -> None:
    words = said(route)
    operation["tags"] = [_tag(route)]
    operation["summary"] = words.summary
    operation["description"] = paragraphs(operation.get("description", ""))
    keyed = isinstance(route.original_route, KeyedRoute)
    scope = route.original_route.scope if isinstance(route.original_route, KeyedRoute) else None
    operation["security"] = [{"apiKey": [] if scope is None else [scope.value]}] if keyed else []
    parameters = [
        _parameter(parameter, operation["operationId"])
        for parameter in operation.pop("parameters", [])
        if parameter["name"] != "accept"  # what can be asked for is in the answers
    ]
    posts = keyed and "POST" in (route.methods or ())
    if posts:
        parameters.append(_IDEMPOTENCY)
    if parameters:
        operation["parameters"] = parameters
    body = operation.get("requestBody")
    if body:
        _finish_body(body, schemas, patch="patch" in {method.lower() for method in route.methods or ()})
    answers = _answers(operation, words, schemas)
    following = links(operation["operationId"], known)
    for answer in answers.values():
        if following:
            answer["links"] = following
    problems = _problems(words, parameters, keyed=keyed, body=bool(body), posts=posts)
    operation["responses"] = {**answers, **problems}


def _parameter(parameter: Document, operation: str) -> Document:
    name = parameter["name"]
    schema: Schema = tidy(parameter["schema"])
    if "anyOf" in schema:  # what is not sent is not null
        (schema,) = (one for one in schema["anyOf"] if one != {"type": "null"})
    found = word("", f"?{name}")
    finished = {"name": name, "in": parameter["in"], "required": parameter["required"]}
    if name == "customer":
        schema = reference("Identifier")
    if name == "if-match":
        finished["name"] = "If-Match"
        schema = {**schema, "pattern": r'^(\*|(W/)?"[^"]*"(\s*,\s*(W/)?"[^"]*")*)$'}
        if operation == "configure":
            finished["required"] = True
            schema["pattern"] = r'^(\*|"\d{1,9}"(\s*,\s*"\d{1,9}")*)$'
    finished["schema"] = schema
    if found:
        finished["description"] = found[0]
        if found[1] is not None:
            finished["example"] = found[1]
    return finished


def _finish_body(body: Document, schemas: Schemas, *, patch: bool) -> None:
    (content,) = body["content"].values()
    schema = tidy(content["schema"])
    content = {"schema": schema, "example": example(schema, schemas)}
    body["content"] = {"application/json": content}
    if patch:
        body["content"][_MERGE_PATCH] = content


def _answers(operation: Document, words: Said, schemas: Schemas) -> Document:
    """The successful ones."""
    (status, first), *_ = ((int(key), value) for key, value in operation["responses"].items() if key < "400")
    content = {
        media_type: _with_example(tidy(item), schemas)
        for media_type, item in first.get("content", {}).items()
    }
    schema = next(iter(content.values()), {}).get("schema", {})
    general = first_sentence(operation["description"])
    found: Document = {}
    for code in sorted({status, *words.answers}):
        headers = {"X-Request-Id": _header("RequestId"), **_headers(code, operation["operationId"], schema)}
        found[str(code)] = {
            "description": words.answers.get(code, general),
            "headers": headers,
            "content": content,
        }
    if any(parameter["name"] == "format" for parameter in operation.get("parameters", ())):
        _add_table(found["200"])
    return found


def _with_example(content: Document, schemas: Schemas) -> Document:
    return {**content, "example": example(content["schema"], schemas)} if content.get("schema") else content


def _headers(status: int, operation: str, schema: Schema) -> Document:
    found: Document = {}
    name = named(schema)
    if status == 202 or name == "StartedRun":
        found["Location"] = _header("Location")
    if status == 202 or name in {"Run", "StartedRun"}:
        found["Retry-After"] = _header("RetryAfter")
    if name in _WITH_ETAG:
        found["ETag"] = _header("ETag")
    return found


def _add_table(answer: Document) -> None:
    answer["headers"] |= {"Vary": _header("VaryAccept"), "Content-Disposition": _header("Attachment")}
    answer["content"] = {
        **answer["content"],
        _CSV: {
            "schema": {
                "type": "string",
                "description": "Every line at once (RFC 4180, with a header). A cell that a spreadsheet "
                "would take for a formula begins with an apostrophe.",
            },
        },
    }


def _header(name: str) -> Document:
    return {"$ref": f"#/components/headers/{name}"}


def _problems(
    words: Said, parameters: Sequence[Document], *, keyed: bool, body: bool, posts: bool
) -> Document:
    """What can go wrong: by rule, and what is the operation's own."""
    if not keyed:
        return {}
    general = {401, 403, 500, 503}
    if body or any(_can_be_wrong(parameter) for parameter in parameters):
        general.add(400)
    if 201 not in words.answers and any(parameter["in"] == "path" for parameter in parameters):
        general.add(404)  # what creates finds nothing missing
    if body:
        general |= {413, 415}
    own = dict(words.problems)
    for status, codes in (_SENT_AGAIN if posts else {}).items():
        own[status] = (*own.get(status, ()), *codes)
    return {str(status): response(status, own.get(status, ())) for status in sorted(general | set(own))}


def _can_be_wrong(parameter: Document) -> bool:
    return set(parameter["schema"]) > {"type"} or "$ref" in parameter["schema"]
