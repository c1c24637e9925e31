"""Accounts whose contacts live in Atera or in Syncro, from the pasted key to what becomes of it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial

import pytest

from sandbox.api_client import ApiError
from sandbox.psa_hands import SyncroHands
from sandbox.world.seed import CUSTOMERS_BY_KEY
from tests.e2e.psa import KINDS, Psa, open_psa
from tests.e2e.scene import Customer, Scene, eventually
from tests.e2e.test_logs import leaks

pytestmark = pytest.mark.e2e

_PROMPT = 5  # contacts that are made at once, before the PSA becomes slow
_SLOW = 10.0  # seconds


@pytest.mark.parametrize("kind", KINDS)
async def test_a_wrong_key_changes_nothing(scene: Scene, kind: str) -> None:
    """It is refused with what to do about it, and the account's contacts live where they did."""
    async with open_psa(scene, kind, "harbour") as psa:
        before, secrets = await psa.scene.api.account(), await scene.secret_names()
        assert before["destination"]["kind"] == "builtin"
        right = psa.keys.pop()
        psa.keys += [f"{right[:-4]}none"]
        with pytest.raises(ApiError) as refused:
            await psa.choose()
        problem = refused.value.problem
        assert (problem["status"], problem["code"], problem["actor"]) == (
            422,
            "destination_key_refused",
            "technician",
        )
        assert "Make a new key" in problem["detail"]
        assert await psa.scene.api.account() == before
        assert await scene.secret_names() == secrets
        assert await psa.scene.api.customers() == []


@pytest.mark.parametrize("kind", KINDS)
async def test_the_customers_of_a_psa_are_there_by_themselves_and_are_synced_into_it(
    scene: Scene, kind: str
) -> None:
    """Each with the tenant that its addresses lead to; everybody in scope becomes one contact in the PSA."""
    async with open_psa(scene, kind, "quince", "harbour") as psa:
        found = {customer["name"]: customer["proposed_tenant"] for customer in await psa.choose()}
        wanted = [CUSTOMERS_BY_KEY[key] for key in ("quince", "harbour")]
        assert found == {
            name: {"id": tenant.tenant_id, "domain": tenant.domains[0]}
            for name, tenant in zip(psa.names, wanted, strict=True)
        }
        destination = (await psa.scene.api.account())["destination"]
        assert (destination["kind"], destination["problem"], destination["customers"]) == (kind, None, 2)

        quince, harbour = await psa.connected("quince", "harbour")
        run = await psa.scene.sync(quince)
        assert (run["state"], run["read_mode"]) == ("succeeded", "full")
        contacts = await psa.everybody_once(quince, run)
        assert await psa.hands.contacts(harbour.id) == []
        assert {int(one["id"]) for one in await psa.scene.api.contacts(quince.id)} == {
            contact.id for contact in contacts
        }
        again = await psa.scene.sync(quince)
        assert (again["state"], again["applied"]) == ("succeeded", 0)
        assert await psa.hands.contacts(quince.id) == contacts

        await psa.hands.revoke_key(psa.keys[-1])
        with pytest.raises(ApiError) as refused:
            await psa.scene.api.test_destination()
        problem = (await psa.scene.api.account())["destination"]["problem"]
        assert problem["code"] == refused.value.problem["code"] == "destination_key_refused"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_psa_that_asks_to_wait_puts_the_run_off_and_gets_everybody_once(
    scene: Scene, kind: str
) -> None:
    """Too many calls: the queue brings the run back after as long as was asked for, and it finishes."""
    async with open_psa(scene, kind, "quince") as psa:
        (customer,) = await psa.connected("quince")
        await psa.hands.misbehave("throttle", method="POST", path="contacts", skip=3, retry_after=2)
        run_id = await psa.scene.api.start_run(customer.id)
        run = await psa.scene.api.finished(run_id)
        assert (run["state"], run["error"]) == ("succeeded", None)
        assert run["resumes"] >= 1
        assert f"run.put_off run={run_id}" in await psa.log()
        await psa.everybody_once(customer, run)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_revoked_key_is_asked_with_once_and_a_new_one_heals_it(scene: Scene, kind: str) -> None:
    """The first sync says what to do, the others say the same without a call, and nothing is lost."""
    async with open_psa(scene, kind, "quince", "harbour") as psa:
        quince, harbour = await psa.connected("quince", "harbour")
        somebody = await scene.hire(quince, "Revoked Reader", jobTitle="Apprentice")
        for customer in (quince, harbour):
            assert (await psa.scene.sync(customer))["state"] == "succeeded"
        await psa.renew_key()
        await scene.change(quince, somebody, jobTitle="Master")
        first = await psa.scene.sync(quince)
        calls = await psa.hands.calls()
        other = await psa.scene.sync(harbour)
        assert (first["state"], other["state"]) == ("failed", "failed")
        assert first["error"]["code"] == "destination_key_refused"
        assert other["error"] == first["error"]
        assert await psa.hands.calls() == calls
        assert (await psa.scene.api.account())["destination"]["problem"]["title"] == first["error"]["title"]

        await psa.choose()
        assert (await psa.scene.api.account())["destination"]["problem"] is None
        healed = await psa.scene.sync(quince)
        assert (healed["state"], healed["applied"]) == ("succeeded", 1)
        (contact,) = await psa.hands.with_email(quince.id, somebody["mail"])
        assert contact.job_title == "Master"
        assert (await psa.scene.sync(harbour))["state"] == "succeeded"


async def test_a_field_that_nobody_made_in_syncro_is_told_until_somebody_does(scene: Scene) -> None:
    """The gap names the clicks; once the field is there and the key is tested, it is filled."""
    async with open_psa(scene, "syncro", "harbour") as psa:
        assert isinstance(psa.hands, SyncroHands)
        (customer,) = await psa.connected("harbour", enrichments=["licences"])
        run = await psa.scene.sync(customer)
        missing = "Syncro has no custom field azure_license."
        gaps = {gap["title"]: gap["detail"] for gap in run["gaps"]}
        assert "Contact Custom Fields > New Field" in gaps[missing]
        assert all(not contact.custom for contact in await psa.everybody_once(customer, run))

        fields = {"contact_custom_fields": ["azure_license"]}
        await psa.hands.control("PATCH", f"accounts/{psa.hands.account}", fields)
        await psa.scene.api.test_destination()
        run = await psa.scene.sync(customer)
        assert missing not in {gap["title"] for gap in run["gaps"]}
        contacts = await psa.everybody_once(customer, run)
        assert any("Microsoft 365" in contact.custom.get("azure_license", "") for contact in contacts)


@pytest.mark.timeout(300)
async def test_a_host_that_is_killed_in_the_middle_of_a_first_import_leaves_nobody_twice(
    big_scene: Scene,
) -> None:
    """Contacts that were made, and that nobody lived to write down, are found in both PSAs."""
    async with AsyncExitStack() as opened:
        psas = [await opened.enter_async_context(open_psa(big_scene, kind, "contoso")) for kind in KINDS]
        customers = [customer for psa in psas for customer in await psa.connected("contoso")]
        for psa in psas:
            await psa.allow_doubles()
            await psa.hands.misbehave(
                "delay", method="POST", path="contacts", skip=_PROMPT, count=None, seconds=_SLOW
            )
        runs = [
            await psa.scene.api.start_run(customer.id) for psa, customer in zip(psas, customers, strict=True)
        ]
        for psa, customer in zip(psas, customers, strict=True):
            await eventually(partial(psa.hands.contacts, customer.id), lambda found: len(found) == _PROMPT)
        await asyncio.to_thread(big_scene.stack.kill_host)
        await psas[0].hands.behave()
        await psas[1].hands.behave()
        some = [len(await psa.hands.contacts(one.id)) for psa, one in zip(psas, customers, strict=True)]
        await asyncio.to_thread(big_scene.stack.start_host)
        for psa, customer, run_id, known in zip(psas, customers, runs, some, strict=True):
            await _finished_without_doubles(psa, customer, run_id, known)


async def _finished_without_doubles(psa: Psa, customer: Customer, run_id: str, known: int) -> None:
    run = await psa.scene.api.finished(run_id)
    assert (run["state"], run["error"]) == ("succeeded", None)
    assert run["resumes"] >= 1
    contacts = await psa.everybody_once(customer, run)
    assert known < len(contacts)
    assert (await psa.scene.sync(customer))["applied"] == 0


async def test_a_key_or_a_name_in_the_log_would_be_found(scene: Scene) -> None:
    """What every test here looks for in the log is what must not be there."""
    async with open_psa(scene, "atera", "harbour") as psa:
        await psa.connected("harbour")
        log, words = await psa.log(), await psa.words()
        assert f"kind={psa.hands.kind}" in log
        assert list(leaks(log, words)) == []
        for leaked in (psa.keys[0], psa.keys[0].split(".")[1], psa.names[0]):
            assert list(leaks(f"{log}\n[info] {leaked}\n", words)), leaked
