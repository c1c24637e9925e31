"""The makers' own OpenAPI documents, as a measure of what a simulator answers and of what a client sends.

The documents are kept beside the repository, not in it, so every test that holds something to one is skipped
where they are missing. A response is documented by a schema, or by an example alone; then it has to have the
example's keys and the example's JSON types.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from openapi_schema_validator import OAS30ReadValidator, OAS30WriteValidator, oas30_format_checker

DOCUMENTS = Path(__file__).resolve().parents[3] / "shared" / "reference" / "data"


class Mismatch(AssertionError):
    """What was said and what the document says are not the same."""


@dataclass(frozen=True)
class Document:
    """One OpenAPI 3.0 document; paths are asked for as they are on the wire, with or without a query."""

    name: str
    content: dict[str, Any]

    @classmethod
    def load(cls, name: str) -> Document | None:
        """Read a document by its file's name; None where there is no such file."""
        path = DOCUMENTS / name
        return _read(path) if path.is_file() else None

    def documents(self, method: str, path: str, status: int) -> bool:
        """Whether the document knows of this status; raises Mismatch when it does not know the operation."""
        return str(status) in self._operation(method, path)["responses"]

    def check_response(self, method: str, path: str, status: int, body: object) -> None:
        """Raise Mismatch unless the document allows this answer; `body` is decoded JSON, None for no body.

        Where the document names a status and is silent about the body, any body is right, except that 204
        has none.
        """
        where = f"{method} {path} answers {status}"
        responses = self._operation(method, path)["responses"]
        if str(status) not in responses:
            raise Mismatch(f"{where}: {self.name} has only {', '.join(sorted(responses))}")
        if status == 204 and body is not None:
            raise Mismatch(f"{where}, with a body")
        media = _json_of(self._resolved(responses[str(status)]))
        if media is None:
            return
        if "schema" in media:
            self._validate(OAS30ReadValidator, media["schema"], body, where)
            return
        examples = [self._resolved(example)["value"] for example in media.get("examples", {}).values()]
        examples += [media["example"]] if "example" in media else []
        differences = [differences_from_example(example, body) for example in examples]
        if differences and all(differences):
            fewest = min(differences, key=len)
            raise Mismatch(f"{where}: {'; '.join(fewest)}")

    def check_request(self, method: str, path: str, body: object) -> None:
        """Raise Mismatch unless the document allows a request with this body, None for no body."""
        operation = self._operation(method, path)
        where = f"{method} {path} is sent"
        if "requestBody" not in operation:
            if body is not None:
                raise Mismatch(f"{where} with a body, and {self.name} has none there")
            return
        media = _json_of(self._resolved(operation["requestBody"]))
        if media is not None and "schema" in media:
            self._validate(OAS30WriteValidator, media["schema"], body, where)

    def check_schema(self, name: str, body: object) -> None:
        """Raise Mismatch unless a body is as the document's schema of this name says."""
        self._validate(OAS30ReadValidator, {"$ref": f"#/components/schemas/{name}"}, body, name)

    def _operation(self, method: str, path: str) -> dict[str, Any]:
        for template in sorted(self.content["paths"], key=lambda path: path.count("{")):
            if re.fullmatch(self._base_path() + _pattern(template), urlsplit(path).path):
                found: dict[str, Any] | None = self.content["paths"][template].get(method.lower())
                if found is not None:
                    return found
        raise Mismatch(f"{self.name} has no {method} {path}")

    def _base_path(self) -> str:
        """What every path begins with; the address of the server may have variables in its host."""
        servers = self.content.get("servers") or [{"url": ""}]
        return re.escape(re.sub(r"^https?://[^/]+", "", servers[0]["url"]).rstrip("/"))

    def _resolved(self, part: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in part:
            found: Any = self.content
            for step in part["$ref"].removeprefix("#/").split("/"):
                found = found[unquote(step).replace("~1", "/").replace("~0", "~")]
            part = found
        return part

    def _validate(
        self,
        validator: type[OAS30ReadValidator | OAS30WriteValidator],
        schema: dict[str, Any],
        body: object,
        where: str,
    ) -> None:
        # References are to "#/components/...", so the schema is looked at as if it had these within it.
        rooted = {**schema, "components": self.content.get("components", {})}
        errors = validator(rooted, format_checker=oas30_format_checker).iter_errors(body)
        found = [f"{error.json_path} {error.message}" for error in errors]
        if found:
            raise Mismatch(f"{where}: {'; '.join(found)}")


def differences_from_example(example: object, found: object, at: str = "$") -> list[str]:
    """Say in what JSON differs from an example: other keys, other types.

    Null is right everywhere below the top, an example that is null, `{}` or `[]` says nothing about what
    there is instead of it or in it, and every item of a list has to be like one of the example's items.
    """
    if example is None or (found is None and at != "$"):
        return []
    if _kind(example) != _kind(found) and not (isinstance(example, float) and _kind(found) == "integer"):
        return [f"{at} is {_kind(found)}, not {_kind(example)}"]
    if isinstance(example, dict) and isinstance(found, dict) and example:
        missing = [f"{at} has no {key}" for key in sorted(example.keys() - found.keys())]
        unknown = [f"{at} has {key}" for key in sorted(found.keys() - example.keys())]
        common = [key for key in example if key in found]
        below = (differences_from_example(example[key], found[key], f"{at}.{key}") for key in common)
        return [*missing, *unknown, *chain.from_iterable(below)]
    if isinstance(example, list) and isinstance(found, list) and example:
        return [
            difference
            for index, item in enumerate(found)
            for difference in min(
                (differences_from_example(like, item, f"{at}[{index}]") for like in example), key=len
            )
        ]
    return []


def _kind(value: object) -> str:
    kinds = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}
    return "null" if value is None else kinds[type(value)]


def _pattern(template: str) -> str:
    """A path with `{parameters}` as a regular expression; a parameter is one segment."""
    parts = re.split(r"\{[^}]+\}", template)
    return "[^/]+".join(re.escape(part) for part in parts)


def _json_of(response: dict[str, Any]) -> dict[str, Any] | None:
    content: dict[str, dict[str, Any]] = response.get("content", {})
    return content.get("application/json") or content.get("*/*") or next(iter(content.values()), None)


@cache
def _read(path: Path) -> Document:
    return Document(path.name, json.loads(path.read_text(encoding="utf-8")))
