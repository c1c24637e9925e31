"""What a PSA's documents leave open is a switch of its simulator; every sync comes out right either way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.core.account_destination import DestinationKind
from shared.core.configuration import Configuration, Enrichment, LeaverPolicy
from shared.core.models import RemovalReason
from shared.core.supplement import Registration
from tests.psa.places import Place, place
from tests.psa.test_syncing import UNGUARDED

CONFIGURATION = Configuration(leavers=LeaverPolicy.DEACTIVATE, guard=UNGUARDED, enrichments=(Enrichment.MFA,))
SYNCRO = [
    {},
    {"properties_on_update": "replace"},
    {"properties_on_create": "ignored"},
    {"properties_on_update": "replace", "properties_on_create": "ignored", "update": "whole"},
    {"unknown_properties": "kept"},
    {"phones": "digits"},
    {"duplicate_email": "per_customer"},
    {"update": "whole"},
    {"name_required_on_update": True},
    {"null": "unchanged"},
    {"errors_shape": "list"},
    {"errors_shape": "object"},
    {"per_page": 2},
    {"unauthenticated": "html401"},
]
ATERA = [
    {},
    {"duplicate_email": "allow"},
    {"duplicate_email": "per_account"},
    {"phones": "digits"},
    {"archived_listed": False},
    {"action_id": "number"},
    {"created_status": 200},
    {"null": "clears"},
    {"unknown_fields": "refused"},
    {"empty_next_link": "empty"},
    {"retry_after": False},
    {"long_page": "refused"},
]
EITHER = [
    *((DestinationKind.SYNCRO, switches) for switches in SYNCRO),
    *((DestinationKind.ATERA, switches) for switches in ATERA),
]


def named(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={setting}" for name, setting in value.items()) or "as it is"
    return str(value)


@pytest.mark.parametrize(("kind", "switches"), EITHER, ids=named)
async def test_a_life_of_a_customer_comes_out_the_same(
    kind: DestinationKind, switches: dict[str, Any]
) -> None:
    """An older contact is adopted, things change, a leaver returns; and every second sync is quiet."""
    async with place(kind, "ada", "bob", configuration=CONFIGURATION) as there:
        for name, value in switches.items():
            setattr(there.psa.account.behaviour, name, value)  # type: ignore[attr-defined]
        furnish(there)
        hand = there.psa.add(there.customer.id, "ada@contoso.example", "Ada Before", phone="1")
        there.tenant.change("ada", job_title="Pilot", business_phone="+44 (20) 7946-0000")
        there.tenant.change("bob", job_title="Clerk")
        run = await there.synced()
        assert (run.counts.created, run.counts.linked) == (1, 1)
        await quiet(there)
        found = there.by_email()
        assert found["ada@contoso.example"].id == hand
        assert [found[f"{name}@contoso.example"].title for name in ("ada", "bob")] == ["Pilot", "Clerk"]
        assert "".join(filter(str.isdecimal, found["ada@contoso.example"].phone)) == "442079460000"
        assert mfa_of(there, hand) == "enabled"

        there.tenant.change("ada", job_title="Chief pilot")
        there.tenant.hire("cyd", job_title="Cook")
        await there.synced()
        await quiet(there)
        assert there.by_email()["ada@contoso.example"].title == "Chief pilot"

        there.tenant.remove("bob", RemovalReason.SOFT_DELETED)
        await there.synced()
        assert not there.by_email()["bob@contoso.example"].active
        await quiet(there)
        there.tenant.restore("bob")
        run = await there.synced()
        assert (run.counts.reactivated, run.counts.created) == (1, 0)
        back = there.by_email()["bob@contoso.example"]
        assert (back.active, back.title, back.name) == (True, "Clerk", "Person bob")
        await quiet(there)


@pytest.mark.parametrize("update", ["partial", "whole"])
@pytest.mark.parametrize("properties", ["merge", "replace"])
async def test_what_a_technician_types_while_a_run_is_at_work_is_not_lost(
    update: str, properties: str
) -> None:
    """Notes and properties that changed after the run looked are sent back as they are by then."""
    async with place(DestinationKind.SYNCRO, "ada", configuration=CONFIGURATION) as there:
        behaviour = there.syncro.behaviour
        behaviour.update, behaviour.properties_on_update = update, properties  # type: ignore[assignment]
        furnish(there)
        await there.synced()
        mine = there.by_email()["ada@contoso.example"]
        typed: list[str] = []

        async def type_after_the_look(response: httpx.Response) -> None:
            if (
                response.request.method == "GET"
                and response.request.url.path.endswith("/contacts")
                and not typed
            ):
                typed.append(mine.id)
                there.syncro.edit_contact(int(mine.id), notes="Just typed", properties={"Desk": "12"})
                there.world.clock.advance(timedelta(minutes=2))

        there.world.http.event_hooks["response"].append(type_after_the_look)
        there.tenant.change("ada", job_title="Pilot")
        await there.synced()
        contact = there.syncro.contacts[int(mine.id)]
        assert typed
        assert (contact.notes, contact.properties["Desk"], contact.properties["title"]) == (
            "Just typed",
            "12",
            "Pilot",
        )
        await quiet(there)


def furnish(there: Place) -> None:
    """Custom fields of ours and of the account's own, and what the directory knows of everybody's sign-in."""
    for name in ("ada", "bob", "cyd"):
        there.tenant.registrations[name] = Registration(capable=True, methods=("fido2",))
    if there.psa.kind is DestinationKind.ATERA:
        for name in ("azure_mfa_status", "azure_mfa_methods", "Desk"):
            there.atera.add_custom_field(name)
    else:
        there.syncro.contact_custom_fields.add("Desk")


def mfa_of(there: Place, contact_id: str) -> str:
    if there.psa.kind is DestinationKind.ATERA:
        return there.atera.custom_values[int(contact_id), "azure_mfa_status"]
    return str(there.syncro.contacts[int(contact_id)].properties["azure_mfa_status"])


async def quiet(there: Place) -> None:
    """A second sync finds nothing to do."""
    run = await there.synced()
    assert (run.applied, run.gaps) == (0, ())
