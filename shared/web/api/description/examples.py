"""Examples, made from the schemas and the glossary, so that there is one for whatever there is."""

from collections.abc import Mapping
from typing import Any

from shared.web.api.description.glossary import word
from shared.web.api.description.shapes import Schema, members, named, resolved

_FORMATS = {"date-time": "2026-03-02T09:14:07.512Z", "date": "2026-03-02"}
_KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}
_PLAIN = {"string": "…", "integer": 1, "number": 1.5, "boolean": True}

# A member that only goes with another choice has no place in the example of the first one.
_WHOLE: Mapping[str, Any] = {
    "RunInput": {"kind": "sync"},
    "DestinationInput": {"kind": "syncro", "api_key": "T1d27b8f3a5c", "subdomain": "fabrikam"},
    "DecisionInput": {"action": "create"},
    "ContactInput": {"fields": {"mobile_phone": "+47 900 00 002"}, "pins": ["mobile_phone"]},
    "ConfigureInput": {"configuration": {"scope": {"user_types": ["member", "guest"]}}},
}


def example(schema: Schema, schemas: Mapping[str, Schema]) -> Any:
    """A value that the schema allows."""
    name = named(schema) or ""
    if name in _WHOLE:
        return _WHOLE[name]
    found = resolved(schema, schemas)
    if "properties" in found:
        shown = [
            (member, value) for member, value, required in members(found) if required or word(name, member)
        ]
        return {member: _member(name, member, value, schemas) for member, value in shown}
    return example(found["anyOf"][0], schemas) if "anyOf" in found else _plain(found, schemas)


def _plain(schema: Schema, schemas: Mapping[str, Schema]) -> Any:
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "string")
    if kind in {"array", "object"}:
        return [example(schema["items"], schemas)] if kind == "array" else {}
    return _FORMATS.get(schema.get("format", ""), _PLAIN.get(kind))


def _member(owner: str, name: str, schema: Schema, schemas: Mapping[str, Schema]) -> Any:
    if "examples" in schema:
        return schema["examples"][0]
    known = word(owner, name)
    if known and known[1] is not None and _fits(known[1], schema, schemas):
        return known[1]
    if {"type": "null"} in schema.get("anyOf", []):
        structure = next((named(one) for one in schema["anyOf"] if named(one)), None)
        if structure is None or known is None or not _shown(owner, name):
            return None
    return example(schema, schemas)


def _shown(owner: str, name: str) -> bool:
    """Whether an optional part is worth showing: what is the matter, is the exception."""
    return name in {"tenant", "proposed_tenant", "secure_score"} and bool(owner)


def _fits(value: Any, schema: Schema, schemas: Mapping[str, Schema]) -> bool:
    """Whether the word's example is of the kind that this schema asks for."""
    found = resolved(schema, schemas)
    if "anyOf" in found:
        return any(_fits(value, one, schemas) for one in found["anyOf"])
    if "enum" in found or "const" in found:
        return value in found.get("enum", [found.get("const")])
    kind = found.get("type", "")
    if not isinstance(value, _KINDS.get(kind, ())) or isinstance(value, bool) != (kind == "boolean"):
        return False
    if isinstance(value, list):
        return all(_fits(item, found["items"], schemas) for item in value)
    return not isinstance(value, dict) or value.keys() >= set(found.get("required", ()))
