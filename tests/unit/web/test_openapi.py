"""The document that describes the API, and the page that is made from it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_schema_validator import OAS31Validator

from shared.web.api import router
from shared.web.api.description.__main__ import text
from shared.web.api.description.document import document
from shared.web.api.description.glossary import GLOSSARY
from shared.web.api.description.operations import OPERATIONS
from shared.web.asgi import create
from tests.fakes import Process
from tests.unit.web.conftest import Caller
from tests.unit.web.site import URL, Site

Document = dict[str, Any]

COMMITTED = Path(__file__).parents[3] / "docs" / "openapi.json"
ADDRESS = "/api/v1/openapi.json"
PAGE = "/api/v1/docs"


@pytest.fixture(scope="module")
def described() -> Document:
    """The document."""
    return document(router.routes, URL)


def operations(described: Document) -> Iterator[tuple[str, Document]]:
    """Each operation by method and path."""
    for path, item in described["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def resolved(described: Document, value: Document) -> Document:
    """What a reference leads to."""
    for part in value.get("$ref", "")[2:].split("/") if "$ref" in value else ():
        described = described[part]
    return described if "$ref" in value else value


def answers(described: Document) -> Iterator[tuple[str, Document]]:
    """Each answer by operation and status."""
    for name, operation in operations(described):
        for status, answer in operation["responses"].items():
            yield f"{name} {status}", resolved(described, answer)


async def test_the_document_needs_no_key_and_says_where_the_service_is(site: Site) -> None:
    """It is served from memory: without a look at storage, however often it is asked for."""
    process = Process()
    web = create(site.world.start_app(process))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(web), base_url=URL) as anybody:
        served = await anybody.get(ADDRESS)
        again = await anybody.head(ADDRESS)
        assert (await anybody.get(PAGE)).status_code == 200
    assert served.status_code == again.status_code == 200
    assert served.headers["content-type"] == "application/json"
    assert served.headers["content-length"] == again.headers["content-length"]
    assert served.json()["openapi"].startswith("3.1.")
    assert served.json()["servers"] == [{"url": URL}]
    assert process.calls == []


def test_the_file_in_the_repository_is_what_the_code_says() -> None:
    """`python3 dev.py openapi` writes it anew."""
    assert COMMITTED.read_text(encoding="utf-8") == text(), "run: python3 dev.py openapi"


def test_every_operation_has_a_name_of_its_own_and_words(described: Document) -> None:
    """Code generators name functions after it, so a name is used once and is one."""
    found = dict(operations(described))
    ids = [operation["operationId"] for operation in found.values()]
    assert len(set(ids)) == len(ids) > 30
    for name, operation in found.items():
        assert re.fullmatch(r"[a-z][A-Za-z]+", operation["operationId"]), name
        assert 0 < len(operation["summary"]) <= 60, name
        assert operation["description"].endswith("."), name
        assert len(operation["tags"]) == 1, name
    tags = [tag["name"] for tag in described["tags"]]
    assert {operation["tags"][0] for operation in found.values()} == set(tags)


def test_no_operation_is_described_that_is_not_there(described: Document) -> None:
    """What is said about operations, and the links between them, is about operations that exist."""
    assert {f"{key.replace(' ', ' /api/v1')}" for key in OPERATIONS} <= dict(operations(described)).keys()
    ids = {operation["operationId"] for _, operation in operations(described)}
    for name, answer in answers(described):
        for link in answer.get("links", {}).values():
            assert link["operationId"] in ids, name


def test_every_member_of_every_schema_has_words(described: Document) -> None:
    """What is new goes into the glossary, or has a description of its own."""
    silent = [
        f"{name}.{member}"
        for name, schema in described["components"]["schemas"].items()
        for member, value in schema.get("properties", {}).items()
        if not value.get("description")
    ]
    assert silent == []
    assert all(schema["description"] for schema in described["components"]["schemas"].values())
    parameters = [it for _, operation in operations(described) for it in operation.get("parameters", [])]
    assert [it["name"] for it in parameters if not it.get("description")] == []


def test_the_glossary_knows_nothing_that_does_not_exist(described: Document) -> None:
    """A member that is gone leaves no word behind."""
    schemas = described["components"]["schemas"]
    members = {(name, member) for name, schema in schemas.items() for member in schema.get("properties", ())}
    there = {member for _, member in members} | {f"{name}.{member}" for name, member in members}
    there |= {
        f"?{parameter['name'].lower()}"
        for _, operation in operations(described)
        for parameter in operation.get("parameters", [])
    }
    assert sorted(GLOSSARY.keys() - there) == []


def test_everything_but_three_addresses_needs_a_key(described: Document) -> None:
    """The key is asked for by default; what needs none says so."""
    assert described["security"] == [{"apiKey": []}]
    assert described["components"]["securitySchemes"]["apiKey"]["scheme"] == "bearer"
    open_ones = {name for name, operation in operations(described) if operation.get("security") == []}
    assert open_ones == {"GET /api/v1/health", f"GET {ADDRESS}"}


def test_every_answer_is_described(described: Document) -> None:
    """Problems are problem documents, what is accepted has an address, and nothing is FastAPI's own 422."""
    for name, answer in answers(described):
        assert answer["description"].endswith("."), name
        assert "X-Request-Id" in answer["headers"], name
        status = name.rpartition(" ")[2]
        if status >= "400":
            (content,) = answer["content"].items()
            assert content[0] == "application/problem+json", name
            assert content[1]["schema"] == {"$ref": "#/components/schemas/Problem"}, name
        if status == "202":
            assert {"Location", "Retry-After"} <= answer["headers"].keys(), name
    assert not {"HTTPValidationError", "ValidationError"} & described["components"]["schemas"].keys()


def test_every_example_is_what_its_schema_allows(described: Document) -> None:
    """Of bodies, answers and parameters."""
    examples: list[tuple[str, Document, Any]] = []
    for name, operation in operations(described):
        examples += [
            (f"{name} {parameter['name']}", parameter["schema"], parameter["example"])
            for parameter in operation.get("parameters", [])
            if "example" in parameter
        ]
        contents = [("body", operation.get("requestBody", {}))]
        contents += [(key, resolved(described, value)) for key, value in operation["responses"].items()]
        for place, holder in contents:
            for content in holder.get("content", {}).values():
                shown = [content["example"]] if "example" in content else []
                shown += [item["value"] for item in content.get("examples", {}).values()]
                examples += [(f"{name} {place}", content["schema"], value) for value in shown]
    assert len(examples) > 100
    for name, schema, value in examples:
        whole = {**schema, "components": described["components"]}
        errors = [error.message for error in OAS31Validator(whole).iter_errors(value)]
        assert errors == [], name


async def test_the_page_shows_all_that_the_document_says(site: Site, described: Document) -> None:
    """Every operation, problem and schema, and links to them that lead somewhere; no key is needed."""
    async with site.browser() as anybody:
        answer = await anybody.get(PAGE)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    html = answer.text
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(set(ids)) == len(ids)
    assert {operation["operationId"] for _, operation in operations(described)} <= set(ids)
    assert {f"schema-{name}" for name in described["components"]["schemas"]} <= set(ids)
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(ids)


async def test_the_page_keeps_to_the_policy(site: Site) -> None:
    """No inline style or script, and nothing from elsewhere."""
    async with site.browser() as anybody:
        html = (await anybody.get(PAGE)).text
    assert re.findall(r"<(?:link|script|img)[^>]*(?:href|src)=\"(?!/portal/static/)[^>]*>", html) == []
    assert not re.search(r"\bstyle=|<style|\bon[a-z]+=|<script(?![^>]* src=)", html)


async def test_the_reference_can_be_read_and_not_written(caller: Caller) -> None:
    """Other methods are refused as everywhere."""
    for address in (ADDRESS, PAGE):
        answer = await caller.http.post(address)
        assert answer.status_code == 405
        assert set(re.split(", *", answer.headers["allow"])) == {"GET", "HEAD"}
