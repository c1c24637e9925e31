"""The tenant shuts us out, or our own credential fails: who must act is said at the right place."""

from __future__ import annotations

import pytest

from tests.e2e.scene import Customer, Scene

pytestmark = pytest.mark.e2e


async def _refuse_token(scene: Scene, customer: Customer) -> None:
    # What was changed shows in the next token; until then the present one would do for up to 90 minutes.
    await scene.fault(customer, "status", status=401)


async def _withdraw(scene: Scene, customer: Customer) -> None:
    await scene.withdraw(customer)


async def _take_permission(scene: Scene, customer: Customer) -> None:
    await scene.entra(
        "permissions",
        tenant_id=customer.tenant.tenant_id,
        client_id=scene.stack.outside.client_id,
        remove=["User.Read.All"],
    )
    await _refuse_token(scene, customer)


async def _revoke_sign_ins(scene: Scene, customer: Customer) -> None:
    await scene.entra("refresh-tokens/revoke", tenant_id=customer.tenant.tenant_id)
    await _refuse_token(scene, customer)


async def _delete_tenant(scene: Scene, customer: Customer) -> None:
    await scene.delete_tenant(customer)


@pytest.mark.parametrize(
    ("grant", "act", "code"),
    [
        ("application", _withdraw, "consent_revoked"),
        ("delegated", _withdraw, "sign_in_expired"),
        ("application", _take_permission, "permission_missing"),
        ("delegated", _revoke_sign_ins, "sign_in_expired"),
        ("application", _delete_tenant, "tenant_not_found"),
        ("delegated", _delete_tenant, "tenant_not_found"),
    ],
)
async def test_a_lost_access_asks_the_right_person_to_act(
    scene: Scene, grant: str, act: object, code: str
) -> None:
    """The run fails once and for all, the connection says what to do, and nothing is synced until then."""
    customer = await scene.imported("quince", grant)
    before = await scene.contacts(customer)
    assert callable(act)
    await act(scene, customer)

    run = await scene.sync(customer)
    assert (run["state"], run["error"]["code"]) == ("failed", code)
    connection = await scene.api.connection(customer.id)
    assert (connection["state"], connection["reason"]["code"]) == ("action_required", code)
    assert connection["reason"]["actor"] in {"customer_admin", "technician"}
    assert connection["reason"]["title"]
    assert connection["reason"]["detail"]
    assert connection["next_sync_at"] is connection["current_run"] is None
    refused = await scene.request("POST", f"/customers/{customer.id}/runs")
    assert (refused.status_code, refused.json()["code"]) == (409, "connection_not_active")
    assert await scene.contacts(customer) == before

    await scene.calm()
    await scene.connect(customer, grant)
    healed = await scene.sync(customer)
    assert (healed["state"], healed["applied"]) == ("succeeded", 0)
    assert await scene.contacts(customer) == before


async def test_our_own_credential_is_never_the_customers_trouble(scene: Scene) -> None:
    """The run fails and names the operator; the connection stays, and works again with a new credential."""
    customer = await scene.imported("quince")
    await scene.revoke_service_secret()
    try:
        await _refuse_token(scene, customer)
        run = await scene.sync(customer)
    finally:
        await scene.renew_service_secret()
    assert (run["state"], run["error"]["code"]) == ("failed", "credential_refused")
    assert run["error"]["actor"] == "operator"
    connection = await scene.api.connection(customer.id)
    assert (connection["state"], connection["reason"]) == ("active", None)
    assert (await scene.sync(customer))["state"] == "succeeded"
