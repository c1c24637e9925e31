"""A site on the loopback address with people in it, and how each of its pages comes about."""

import dataclasses
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import azure.functions as func
import msgspec

from shared.core.configuration import Configuration, LeaverPolicy
from shared.core.connection import ConnectionState, Grant
from shared.core.customer import Customer
from shared.core.errors import ActionRequired
from shared.core.run import RunKind, RunState, Trigger
from shared.ports import SignIn
from shared.services.access import PortalSession
from shared.web.asgi import create
from shared.web.functions import as_sent
from tests.browser.loopback import Loopback
from tests.fakes import TENANT, FakeIdentityProvider, World, admin, settings
from tests.fakes.clock import FakeClock
from tests.unit.web.psas import Simulated

PEOPLE: dict[str, dict[str, str | bool]] = {
    "01": {
        "display_name": "Amelia Hartmann",
        "job_title": "Chief financial officer",
        "office_location": "Oslo",
    },
    "02": {
        "display_name": "Björn Åkesson",
        "job_title": "Warehouse lead",
        "mobile_phone": "+46 70 000 00 01",
    },
    "03": {"display_name": "נועה לוי", "job_title": "מהנדסת", "department": "Research"},
    "04": {"display_name": "محمد الأحمد", "department": "Sales"},
    "05": {"display_name": "Çağla Öztürk-Wetherington-Montgomery", "job_title": "Regional head of logistics"},
    "06": {"display_name": "Dinesh Kumar", "enabled": False},
    "07": {"display_name": "佐藤 花子", "job_title": "Engineer"},
    "08": {"display_name": "Meeting room 4", "mail": "", "user_principal_name": "room4"},
    "09": {"display_name": "Guest of honour", "user_type": "Guest"},
    "10": {"display_name": "Zoë <b>O’Neill</b>", "job_title": "Paralegal & notary"},
}


class Microsoft(FakeIdentityProvider):
    """The fake sign-in on a real address. It knows the person and sends the browser straight on."""

    def __init__(self, world: World, url: str) -> None:
        super().__init__(world.directories)
        self.url = url
        self.person: SignIn = admin(TENANT)

    async def begin_sign_in(self, grant: Grant, state: str, redirect_uri: str) -> dict[str, Any]:
        request = await super().begin_sign_in(grant, state, redirect_uri)
        return request | {"auth_uri": self._here(request["auth_uri"])}

    def admin_consent_url(self, tenant_id: str, state: str, redirect_uri: str) -> str:
        return self._here(super().admin_consent_url(tenant_id, state, redirect_uri))

    async def answer(self, request: func.HttpRequest) -> func.HttpResponse:
        """The page that redirects back."""
        redirect_uri = parse_qs(urlsplit(request.url).query)["redirect_uri"][0]
        consent = "/adminconsent" in request.url
        answer = self.approve(request.url) if consent else self.sign_in(request.url, self.person)
        return func.HttpResponse(status_code=302, headers={"Location": f"{redirect_uri}?{urlencode(answer)}"})

    def _here(self, url: str) -> str:
        return url.replace("https://login.invalid", self.url)


class Scenes:
    """One world behind one server. Each scene is a method that leads to a page and gives its address."""

    def __init__(self, site: Loopback, microsoft: Loopback, psas: Simulated, clock: FakeClock) -> None:
        """`psas` go by the same `clock` as the world."""
        self.url, self.psas = site.url, psas
        given = settings(public_url=site.url, entra_authority=microsoft.url, **psas.addresses)
        self.world = World(given, http=psas.http, clock=clock)
        self.microsoft = Microsoft(self.world, microsoft.url)
        app = self.world.app
        onboarding = dataclasses.replace(app.onboarding, identity=self.microsoft)
        self.app = dataclasses.replace(app, onboarding=onboarding)
        self.middleware = func.AsgiMiddleware(create(self.app))  # type: ignore[no-untyped-call]
        site.answer, microsoft.answer = self.answer, self.microsoft.answer
        self.tenant = self.world.tenant(TENANT)
        self.tenant.display_name = "Nordlicht Logistik GmbH"
        self.tenant.domain = "nordlicht.example"
        self.account_id = ""

    async def answer(self, request: func.HttpRequest) -> func.HttpResponse:
        """The site's answer."""
        response: func.HttpResponse = await self.middleware.handle_async(as_sent(request))
        return response

    async def account(self) -> str:
        """The id of an account without customers."""
        self.account_id = (await self.app.access.create_account("Fabrikam Managed Services")).id
        return self.account_id

    async def customer(self) -> Customer:
        """Customer of an account, not connected."""
        account_id = await self.account()
        customer, _ = await self.app.customers.put(account_id, "N/1042", "Nordlicht Logistik", ())
        return customer

    async def open_portal(self, customer: Customer) -> str:
        """The one-use address that leads to the customer's page."""
        return await self._link(PortalSession(customer.account_id, customer.id))

    async def open_account(self) -> str:
        """The one-use address that leads to the account's page."""
        return await self._link(PortalSession(self.account_id, None))

    async def _link(self, session: PortalSession) -> str:
        return f"{self.url}/portal/open?token={await self.app.access.portal_link(session)}"

    async def consent_url(self, customer: Customer, grant: Grant = Grant.APPLICATION) -> str:
        """The address for the customer's admin."""
        return (await self.app.onboarding.begin(customer, grant))[1]

    async def connected(self) -> Customer:
        """A connected customer whose people were synced a few times."""
        for number, properties in PEOPLE.items():
            self.tenant.hire(number, **properties)
        customer = await self.customer()
        await self.world.connect(self.tenant, customer)
        self.world.queue.waiting.clear()
        await self.world.sync(customer)
        self.world.clock.advance(timedelta(hours=12))
        self.tenant.change("02", job_title="Warehouse manager", mobile_phone="")
        self.tenant.change("07", display_name="鈴木 花子", department="Research")
        self.tenant.hire("11", display_name="Ludvig Holm")
        await self.world.sync(customer)
        self.world.clock.advance(timedelta(hours=12))
        self.tenant.fail_next(
            ActionRequired("permission_missing", "A permission is missing.", "Approve it again.")
        )
        await self.world.sync(customer)
        await self.put(customer, state=ConnectionState.ACTIVE, reason=None)
        self.world.clock.advance(timedelta(hours=12))
        await self.world.sync(customer)
        return customer

    async def put(self, customer: Customer, **fields: Any) -> None:
        """Change the stored connection behind the app's back."""
        stored = await self.app.customers.connection(customer)
        await self.world.connections.replace(stored, msgspec.structs.replace(stored.value, **fields))

    async def held(self) -> Customer:
        """A connected customer of whose people many have left at once, so that a sync waits for somebody."""
        customer = await self.connected()
        leavers = Configuration(leavers=LeaverPolicy.DEACTIVATE)
        await self.world.configure(customer, leavers)
        for number in ("01", "03", "05"):
            self.tenant.remove(number)
        await self.app.runs.start(customer, RunKind.SYNC, Trigger.API)
        await self.work_off()
        return customer

    async def work_off(self) -> None:
        """Let what is due within a minute happen; the sync that is scheduled for later stays in the queue."""
        await self.world.drain(until=self.world.clock.now() + timedelta(minutes=1))

    async def begun_run(self, customer: Customer, *, planned: int = 0, applied: int = 0) -> None:
        """A run that is under way for good."""
        await self.app.runs.start(customer, RunKind.SYNC, Trigger.PORTAL)
        self.world.queue.waiting.clear()
        now = self.world.clock.now()
        await self.change_run(
            customer,
            state=RunState.RUNNING,
            started_at=now,
            planned=planned,
            applied=applied,
        )

    async def change_run(self, customer: Customer, **fields: Any) -> None:
        """Let the run that is under way get further."""
        run_id = (await self.world.connection(customer)).current_run
        run = await self.world.runs.get(run_id or "")
        assert run is not None
        await self.world.runs.save(msgspec.structs.replace(run, **fields))

    async def end_run(self, customer: Customer) -> None:
        """Let the run that is under way succeed."""
        run_id = (await self.world.connection(customer)).current_run
        await self.change_run(customer, state=RunState.SUCCEEDED, finished_at=self.world.clock.now())
        await self.put(customer, current_run=None, last_run=run_id)
