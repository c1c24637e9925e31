"""The API describes itself."""

from dataclasses import fields
from typing import Any

import pytest

from shared.core.changes import ConflictReason, LifecycleReason, RejectionReason
from shared.core.configuration import Configuration
from shared.core.models import CONTACT_FIELDS
from shared.core.scope import SkipReason
from shared.web.api.description.document import document
from shared.web.reasons import why
from tests.unit.web.site import URL, Site


@pytest.fixture
def schema(site: Site) -> dict[str, Any]:
    """The OpenAPI document."""
    return document(site.app.routes, URL)


def test_every_address_of_the_api_is_described(schema: dict[str, Any]) -> None:
    """With the methods that it takes."""
    customer = "/api/v1/customers/{customer}"
    expected = {
        "/api/v1/account": {"get", "patch"},
        "/api/v1/account/destination": {"put"},
        "/api/v1/account/destination/test": {"post"},
        "/api/v1/account/customers/import": {"post"},
        "/api/v1/account/portal-sessions": {"post"},
        "/api/v1/presets": {"get"},
        f"{customer}/connection": {"get", "post", "patch", "delete"},
        f"{customer}/connection/pause": {"post"},
        f"{customer}/connection/resume": {"post"},
        f"{customer}/contacts": {"get"},
        f"{customer}/contacts/{{contact}}": {"get", "patch"},
        f"{customer}/reviews": {"get"},
        f"{customer}/reviews/{{object_id}}": {"post"},
        f"{customer}/directory/groups": {"get"},
        f"{customer}/directory/{{attribute}}": {"get"},
        f"{customer}/report": {"get"},
        f"{customer}/runs": {"get", "post"},
        "/api/v1/runs/{run}": {"get"},
        "/api/v1/runs/{run}/approve": {"post"},
        "/api/v1/runs/{run}/reject": {"post"},
        "/api/v1/runs/{run}/cancel": {"post"},
        "/api/v1/runs/{run}/changes": {"get"},
        "/api/v1/events": {"get"},
        "/api/v1/webhook-endpoints": {"get", "post"},
        "/api/v1/webhook-endpoints/{endpoint}": {"get", "patch", "delete"},
        "/api/v1/webhook-endpoints/{endpoint}/secret": {"post"},
        "/api/v1/webhook-endpoints/{endpoint}/test": {"post"},
        "/api/v1/webhook-endpoints/{endpoint}/deliveries": {"get"},
        "/api/v1/webhook-endpoints/{endpoint}/deliveries/{delivery}/redeliver": {"post"},
    }
    assert {path: set(schema["paths"][path]) for path in expected} == expected


def test_the_configuration_is_described_policy_by_policy(schema: dict[str, Any]) -> None:
    """Programs can read what there is to configure, however deep it is."""
    schemas = schema["components"]["schemas"]
    assert set(schemas["Configuration"]["properties"]) == {field.name for field in fields(Configuration)}
    assert schemas["Groups"]["properties"]["ids"]["maxItems"] == 999
    assert set(schemas["ContactFieldsInput"]["properties"]) == set(CONTACT_FIELDS)
    assert schemas["ContactFieldsInput"]["additionalProperties"] is False
    assert set(CONTACT_FIELDS) <= set(schemas["Contact"]["properties"])


def test_a_psas_key_is_written_and_never_read(schema: dict[str, Any]) -> None:
    """Programs are told so, and nothing that is shown has a place for it."""
    schemas = schema["components"]["schemas"]
    (key, _) = schemas["DestinationInput"]["properties"]["api_key"]["anyOf"]
    assert key == {"type": "string", "format": "password", "writeOnly": True}
    assert schemas["DestinationInput"]["properties"]["kind"]["$ref"].endswith("/DestinationKind")
    shown = schemas["Destination"]["properties"].keys() | schemas["Account"]["properties"].keys()
    assert not [name for name in shown if "key" in name or "secret" in name]
    assert {"domains", "proposed_tenant"} <= schemas["Customer"]["properties"].keys()


@pytest.mark.parametrize("code", [*SkipReason, *ConflictReason, *LifecycleReason, *RejectionReason])
def test_every_reason_has_words(code: str) -> None:
    """A page never shows a code where there could be a sentence."""
    words = why(str(code))
    assert words is not None
    assert words.endswith(".")


def test_a_reason_of_another_version_has_none() -> None:
    """The page shows the code then."""
    assert why("something.new") is None
