"""What a row of the built-in destination means when parts of it were never written."""

from typing import Any

import pytest

from shared.adapters.builtin import _COLUMNS, _contact
from shared.core.models import Contact, ContactFields

ROW = {"RowKey": "contact", "email": "ada@example.com", "object_id": "ada"}
SEEN = Contact("contact", ContactFields(email="ada@example.com"), "ada")


@pytest.mark.parametrize(
    "row", [ROW, dict.fromkeys(_COLUMNS) | ROW], ids=["the property is missing", "the property is null"]
)
@pytest.mark.parametrize("tenant_id", [None, "tenant"])
def test_what_was_never_written_is_what_a_new_contact_is(row: dict[str, Any], tenant_id: str | None) -> None:
    """Active, not deactivated, without pins, and linked in the tenant it is read for."""
    assert _contact(row, tenant_id) == SEEN


def test_what_was_written_counts() -> None:
    """False is not nothing."""
    row = ROW | {"active": False, "deactivated_by_sync": True, "keep_active": True, "pins": '["name"]'}
    found = _contact(row | {"tenant_id": "another"}, "tenant")
    assert found == Contact(
        "contact",
        SEEN.fields,
        None,
        active=False,
        deactivated_by_sync=True,
        pins=frozenset({"name"}),
        keep_active=True,
    )
