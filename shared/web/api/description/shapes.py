"""The schemas as they are published: names, words for every member, and what types cannot say."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from shared.core.events import EventType
from shared.core.models import CONTACT_FIELDS
from shared.web.api.description.glossary import word
from shared.web.api.description.sentences import paragraphs

Schema = dict[str, Any]
Schemas = dict[str, Schema]

_REF = "#/components/schemas/"
_NAMES = {"PresetShown": "PresetDefinition", "ModifiedShown": "ModifiedField", "ValueShown": "DirectoryValue"}
_PATCHED = ("Configuration", "Scope", "Sites", "Groups", "Guard", "Limit", "Schedule")

_UNPRINTABLE = r"\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
_IDENTIFIER: Schema = {
    "type": "string",
    "description": "An id that the PSA chose.",
    "minLength": 1,
    "maxLength": 128,
    # Printable, no percent sign, no white space at the ends, and neither `.` nor `..`.
    "pattern": rf"^(?!\.{{1,2}}$)[^\s%{_UNPRINTABLE}](?:[^%{_UNPRINTABLE}]*[^\s%{_UNPRINTABLE}])?$",
}
_TEXT: Schema = {"pattern": r"[^\s\x00-\x1f\x7f-\x9f]"}  # not blank
_ABSENT: Schema = {"type": "null"}


def _where(member: str, *values: str) -> Schema:
    return {"properties": {member: {"enum": list(values)}}, "required": [member]}


def _needs(**members: Schema) -> Schema:
    return {"properties": members, "required": list(members)}


_STRING: Schema = {"type": "string", "minLength": 1}
_TEXTUAL: Schema = {"type": "string", **_TEXT}
_KEY: Schema = {"type": "string", "maxLength": 4096, "pattern": "^[ -~]*[!-~][ -~]*$"}
_NONE_OF_IT: Schema = {"properties": {"api_key": _ABSENT, "subdomain": _ABSENT}}

# What the code checks beyond types.
_ALSO: Mapping[str, Schema] = {
    "RunInput": {
        "allOf": [
            {
                "if": _where("kind", "user"),
                "then": _needs(user=_STRING),
                "else": {"properties": {"user": _ABSENT}},
            },
            {"if": _where("kind", "preview"), "else": {"properties": {"configuration": _ABSENT}}},
        ]
    },
    "DestinationInput": {
        "oneOf": [
            {"allOf": [_where("kind", "builtin"), _NONE_OF_IT]},
            {
                "allOf": [
                    _where("kind", "atera"),
                    _needs(api_key=_KEY),
                    {"properties": {"subdomain": _ABSENT}},
                ]
            },
            {"allOf": [_where("kind", "syncro"), _needs(api_key=_KEY, subdomain=_TEXTUAL)]},
        ]
    },
    "DecisionInput": {
        "if": _where("action", "link"),
        "then": _needs(contact_id=_STRING),
        "else": {"properties": {"contact_id": _ABSENT}},
    },
}
_ADDRESS = r"""^$|^[^\s@<>()\[\],;:\\"]+@[^\s@<>()\[\],;:\\"]+$"""
_ON_REQUEST = {EventType.WEBHOOK_TEST}
_SUBSCRIBED: Schema = {
    "items": {"type": "string", "enum": [kind.value for kind in EventType if kind not in _ON_REQUEST]}
}
_MEMBERS: Mapping[str, Schema] = {
    "EndpointInput.types": _SUBSCRIBED,
    "EndpointChangeInput.types": _SUBSCRIBED,
    "ContactInput.pins": {"items": {"type": "string", "enum": list(CONTACT_FIELDS)}},
    "ContactFieldsInput.email": {"pattern": _ADDRESS, "maxLength": 320},
    "SiteInput.id": {"$ref": f"{_REF}Identifier"},
}


def published(raw: Schemas) -> Schemas:
    """The schemas under their published names. Raises ValueError where two would have the same one."""
    names = {name: public_name(name) for name in raw}
    if len(set(names.values())) != len(names):
        raise ValueError(f"two schemas have the same name: {sorted(names.values())}")
    schemas = {names[name]: tidy(schema) for name, schema in raw.items()}
    for name, schema in schemas.items():
        _describe(name, schema)
    _patches(schemas)
    schemas["Identifier"] = dict(_IDENTIFIER)
    return dict(sorted(schemas.items()))


def public_name(name: str) -> str:
    """`CustomerShown` is what callers know as Customer, `CustomerSent` as CustomerInput."""
    if name in _NAMES:
        return _NAMES[name]
    if name.startswith("Part_"):
        return f"{public_name(name.removeprefix('Part_').rstrip('_'))}List"
    if name.endswith("Sent"):
        return f"{name.removesuffix('Sent')}Input"
    return name.removesuffix("Shown")


def tidy(value: Any) -> Any:
    """Without generated titles, and with references to published names."""
    if isinstance(value, list):
        return [tidy(item) for item in value]
    if not isinstance(value, dict):
        return value
    found: Schema = {}
    for key, item in value.items():
        if key == "title" and isinstance(item, str):
            continue
        if key == "properties":
            found[key] = {name: tidy(schema) for name, schema in item.items()}
        elif key == "$ref":
            found[key] = _REF + public_name(item.rpartition("/")[2])
        else:
            found[key] = tidy(item)
    return found


def reference(name: str) -> Schema:
    """To a published schema."""
    return {"$ref": _REF + name}


def named(schema: Schema) -> str | None:
    """The name of the schema that this one refers to."""
    target = schema.get("$ref")
    return target.removeprefix(_REF) if isinstance(target, str) else None


def resolved(schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
    """The schema itself, where it is a reference."""
    name = named(schema)
    return schema if name is None else schemas[name]


def _describe(name: str, schema: Schema) -> None:
    schema.update(copy.deepcopy(_ALSO.get(name, {})))
    schema["description"] = paragraphs(schema.get("description", "A part of a list."))
    patch = name.startswith("Contact") and name.endswith("Input")
    for member, value in schema.get("properties", {}).items():
        value.update(copy.deepcopy(_MEMBERS.get(f"{name}.{member}", {})))
        if patch:
            value.pop("default", None)  # what is not sent stays
        found = word(name, member)
        if found:
            value.setdefault("description", found[0])


def _patches(schemas: Schemas) -> None:
    """A merge patch may leave out any member, and null puts it back."""
    for name in _PATCHED:
        properties = schemas[name]["properties"]
        schemas[f"{name}Patch"] = {
            "type": "object",
            "description": f"Members of {name} to change; null puts one back to what the preset says.",
            "additionalProperties": False,
            "properties": {member: _nullable(member, value) for member, value in properties.items()},
        }
    patch = reference("ConfigurationPatch")
    for owner, optional in (("ConfigureInput", False), ("RunInput", True)):
        described = {"description": schemas[owner]["properties"]["configuration"].get("description", "")}
        value = {"anyOf": [patch, _ABSENT]} if optional else patch
        schemas[owner]["properties"]["configuration"] = {**value, **described}


def _nullable(member: str, value: Schema) -> Schema:
    value = {key: item for key, item in value.items() if key not in {"default", "description"}}
    name = named(value)
    if name in _PATCHED:
        value = reference(f"{name}Patch")
    plain = value if "anyOf" not in value else {"anyOf": [one for one in value["anyOf"] if one != _ABSENT]}
    found = word("Configuration", member)
    return {"anyOf": [plain, _ABSENT], **({"description": found[0]} if found else {})}


def members(schema: Schema) -> Iterator[tuple[str, Schema, bool]]:
    """Each member with its schema, and whether it must be there."""
    required = schema.get("required", [])
    for name, value in schema.get("properties", {}).items():
        yield name, value, name in required
