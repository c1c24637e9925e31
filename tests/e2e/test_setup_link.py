"""A setup link, from the API to the administrator's browser, on the host as it is deployed."""

from __future__ import annotations

import httpx
import pytest

from sandbox.person import BrowserTransport
from tests.e2e.scene import Scene

pytestmark = pytest.mark.e2e


async def test_a_mailed_link_opens_the_set_up_until_it_is_revoked(scene: Scene) -> None:
    """Made once however often the request is sent, opened by a button, shut at once."""
    customer = await scene.customer("quince")
    links = f"/customers/{customer.id}/setup-links"
    again = {"Idempotency-Key": f"mail {customer.id}".replace(" ", "-")}
    first, second = [await scene.request("POST", links, headers=again) for _ in range(2)]
    assert first.status_code == second.status_code == 201
    assert second.headers["idempotency-replayed"] == "true"
    link = first.json()
    assert second.json() == link

    address, _, token = link["url"].partition("?token=")
    async with httpx.AsyncClient(transport=BrowserTransport(verify=scene.tls)) as browser:
        assert (await browser.get(link["url"])).status_code == 200
        assert not browser.cookies
        opened = await browser.post(address, data={"token": token})
        assert opened.headers["location"] == f"/portal/customers/{customer.id}/setup"
        page = address.removesuffix("/portal/setup") + opened.headers["location"]
        assert (await browser.get(page)).status_code == 200
        assert (await browser.get(page.removesuffix("/setup"))).status_code == 404

        revoked = await scene.request("DELETE", f"{links}/{link['id']}")
        assert (revoked.status_code, revoked.content) == (204, b"")
        assert (await browser.get(page)).status_code == 403
        assert (await browser.get(link["url"])).status_code == 410


async def test_a_limited_key_is_told_what_it_lacks_and_can_be_rotated(scene: Scene) -> None:
    """The challenge gets through the platform, and so does the key that follows."""
    made = await scene.request("POST", "/account/keys", json={"name": "reader", "scopes": ["customers:read"]})
    key = made.json()
    reader = {"Authorization": f"Bearer {key['key']}"}
    refused = await scene.request("GET", "/account", headers=reader)
    assert refused.status_code == 403
    assert 'error="insufficient_scope", scope="account:read"' in refused.headers["www-authenticate"]
    rotated = await scene.request("POST", f"/account/keys/{key['id']}/rotate", json={"keep_old_for_hours": 0})
    follower = {"Authorization": f"Bearer {rotated.json()['key']}"}
    assert (await scene.request("GET", "/customers", headers=reader)).status_code == 401
    assert (await scene.request("GET", "/customers", headers=follower)).status_code == 200
    assert (await scene.request("GET", "/issues")).status_code == 200
