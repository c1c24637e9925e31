"""How a maker's document is read, on a small document of our own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.vendor_documents import Document, Mismatch, differences_from_example

PET = {
    "type": "object",
    "required": ["Name"],
    "properties": {
        "Name": {"type": "string", "nullable": True},
        "Born": {"type": "string", "format": "date-time"},
        "Owner": {"$ref": "#/components/schemas/Owner"},
    },
    "additionalProperties": False,
}
OWNER = {"type": "object", "properties": {"Id": {"type": "integer"}}, "additionalProperties": False}
REFERENCE = {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}
DOCUMENT = Document(
    "pets.json",
    {
        "openapi": "3.0.0",
        "servers": [{"url": "https://{shop}.example/api/v1"}],
        "paths": {
            "/pets/{id}": {
                "get": {"responses": {"200": {"content": REFERENCE}, "404": {}}},
                "put": {
                    "requestBody": {"$ref": "#/components/requestBodies/Pet"},
                    "responses": {"200": {"content": {"application/json": {"example": {"id": 1}}}}},
                },
                "delete": {"responses": {"204": {}}},
            },
            "/pets/all": {"get": {"responses": {"200": {"content": {"*/*": {"example": [{"id": 1}]}}}}}},
        },
        "components": {
            "schemas": {"Pet": PET, "Owner": OWNER},
            "requestBodies": {"Pet": {"content": REFERENCE}},
        },
    },
)


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/api/v1/pets/7?page=1", 200, {"Name": None, "Owner": {"Id": 1}}),
        ("GET", "/api/v1/pets/7", 200, {"Name": "Rex", "Born": "2026-01-01T00:00:00Z"}),
        ("GET", "/api/v1/pets/7", 404, {"anything": "goes"}),
        ("GET", "/api/v1/pets/all", 200, [{"id": 2}, {"id": 3}]),
        ("PUT", "/api/v1/pets/7", 200, {"id": 7}),
        ("DELETE", "/api/v1/pets/7", 204, None),
    ],
)
def test_an_answer_as_documented_passes(method: str, path: str, status: int, body: object) -> None:
    """Schemas are followed through references, and a path without parameters goes before one with."""
    DOCUMENT.check_response(method, path, status, body)


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/api/v1/pets/7", 200, {}),
        ("GET", "/api/v1/pets/7", 200, None),
        ("GET", "/api/v1/pets/7", 200, {"Name": "Rex", "Colour": "red"}),
        ("GET", "/api/v1/pets/7", 200, {"Name": "Rex", "Born": "yesterday"}),
        ("GET", "/api/v1/pets/7", 200, {"Name": "Rex", "Owner": {"Id": "1"}}),
        ("GET", "/api/v1/pets/7", 409, {}),
        ("GET", "/api/v1/pets/all", 200, {"id": 2}),
        ("PUT", "/api/v1/pets/7", 200, None),
        ("PUT", "/api/v1/pets/7", 200, {"id": "7"}),
        ("DELETE", "/api/v1/pets/7", 204, {}),
        ("PATCH", "/api/v1/pets/7", 200, {}),
        ("GET", "/pets/7", 200, {"Name": "Rex"}),
        ("GET", "/api/v1/pets/7/toys", 200, {"Name": "Rex"}),
    ],
)
def test_an_answer_that_is_not_documented_is_a_mismatch(
    method: str, path: str, status: int, body: object
) -> None:
    """Another status, key, type or format, another method and another path are all noticed."""
    with pytest.raises(Mismatch):
        DOCUMENT.check_response(method, path, status, body)


def test_a_status_can_be_asked_for() -> None:
    """A test that allows more than the document has can find out what the document has."""
    assert DOCUMENT.documents("GET", "/api/v1/pets/7", 404)
    assert not DOCUMENT.documents("GET", "/api/v1/pets/7", 409)
    with pytest.raises(Mismatch):
        DOCUMENT.documents("PATCH", "/api/v1/pets/7", 200)


def test_a_request_is_held_to_the_schema_of_its_body() -> None:
    """A body where the document has none is a mismatch too."""
    DOCUMENT.check_request("PUT", "/api/v1/pets/7", {"Name": "Rex"})
    DOCUMENT.check_request("DELETE", "/api/v1/pets/7", None)
    for method, body in (("PUT", {"Name": 1}), ("PUT", {"Name": "Rex", "Colour": "red"}), ("DELETE", {})):
        with pytest.raises(Mismatch):
            DOCUMENT.check_request(method, "/api/v1/pets/7", body)


def test_a_body_is_held_to_a_schema_by_name() -> None:
    """What no operation has can still have the form of something that the document knows."""
    DOCUMENT.check_schema("Owner", {"Id": 1})
    with pytest.raises(Mismatch):
        DOCUMENT.check_schema("Owner", {"Id": "1"})


@pytest.mark.parametrize(
    ("example", "found", "differences"),
    [
        ({"a": 1}, {"a": 2}, 0),
        ({"a": 1}, {"a": None}, 0),
        ({"a": None}, {"a": {"b": 1}}, 0),
        ({"a": 1.5}, {"a": 2}, 0),
        ({"a": {}}, {"a": {"title": "CFO"}}, 0),
        ({"a": []}, {"a": [1, "x"]}, 0),
        ([{"a": 1}, {"b": 1}], [{"b": 2}, {"a": 2}, {"a": None}], 0),
        ({"a": 1}, {"a": True}, 1),
        ({"a": 1}, {"a": 1.5}, 1),
        ({"a": 1}, {"b": 1}, 2),
        ({"a": {"b": 1}}, {"a": {"b": "1", "c": 1}}, 2),
        ([{"a": 1}], [{"a": 1}, {"a": "1"}, 3], 2),
        ({"a": 1}, None, 1),
    ],
)
def test_an_example_stands_for_its_keys_and_types(example: Any, found: Any, differences: int) -> None:
    """Null may stand for any value, and nothing is known about what an empty example holds."""
    assert len(differences_from_example(example, found)) == differences


def test_a_document_that_is_not_there_is_none() -> None:
    """Whoever has no copy of the document can skip what is held to it."""
    assert Document.load("no-such-document.json") is None
