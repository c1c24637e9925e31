"""The connection of a customer: connect, read, configure, pause, disconnect."""

from typing import Annotated

from fastapi import APIRouter, Header, Response

from shared.app import App
from shared.core.api_key import Resource
from shared.core.connection import HANDSHAKE_LIFETIME, Connection
from shared.core.reasons import reason
from shared.web.api.configuration import etag, merged, version_in
from shared.web.api.keys import TheCustomer, keyed
from shared.web.api.schemas import (
    ConfigureSent,
    ConnectionShown,
    ConnectSent,
    ConsentLinkShown,
    ReasonShown,
    TenantShown,
)
from shared.web.services import READ, Services

router = APIRouter(prefix="/customers/{customer}/connection", route_class=keyed(Resource.CONNECTIONS))


@router.post("", status_code=201)
async def connect(app: Services, customer: TheCustomer, sent: ConnectSent | None = None) -> ConsentLinkShown:
    """A one-use address for the customer's admin; the connection, made if there was none."""
    expires_at = app.clock.now() + HANDSHAKE_LIFETIME
    connection, url = await app.onboarding.begin(customer, (sent or ConnectSent()).grant)
    return ConsentLinkShown(consent_url=url, expires_at=expires_at, connection=shown(app, connection))


@router.api_route("", methods=READ)
async def read(app: Services, customer: TheCustomer, response: Response) -> ConnectionShown:
    """Where the connection stands. The ETag is its configuration's."""
    return _answer(app, response, (await app.customers.connection(customer)).value)


@router.patch("")
async def configure(
    app: Services,
    customer: TheCustomer,
    sent: ConfigureSent,
    response: Response,
    if_match: Annotated[str | None, Header()] = None,
) -> ConnectionShown:
    """Change policies of the configuration; the others stay."""
    present = (await app.customers.connection(customer)).value
    version = version_in(if_match, present.configuration_version)
    configuration = merged(present.configuration, sent.configuration, customer.sites)
    return _answer(app, response, await app.customers.configure(customer, configuration, version))


@router.post("/pause")
async def pause(app: Services, customer: TheCustomer, response: Response) -> ConnectionShown:
    """Sync nothing until it is resumed. Doing it again changes nothing."""
    return _answer(app, response, await app.pausing.pause(customer))


@router.post("/resume")
async def resume(app: Services, customer: TheCustomer, response: Response) -> ConnectionShown:
    """Sync as scheduled again. Doing it again changes nothing."""
    return _answer(app, response, await app.pausing.resume(customer))


@router.delete("")
async def disconnect(app: Services, customer: TheCustomer, response: Response) -> ConnectionShown:
    """Forget the tenant; contacts, runs and configuration stay. Doing it again changes nothing."""
    stored = await app.customers.connection(customer)
    ended = await app.onboarding.disconnect(customer.account_id, stored.value.id)
    return _answer(app, response, ended)


def shown(app: App, connection: Connection) -> ConnectionShown:
    """The connection as callers see it."""
    return ConnectionShown(
        id=connection.id,
        customer_id=connection.customer_id,
        state=connection.state_at(app.clock.now()),
        state_since=connection.state_since,
        reason=_reason(connection),
        tenant=_tenant(connection),
        grant=connection.grant,
        created_at=connection.created_at,
        connected_at=connection.connected_at,
        connected_by=connection.connected_by,
        last_sync_at=connection.synced_at,
        next_sync_at=app.customers.next_sync(connection),
        being_set_up=connection.being_set_up,
        configuration=connection.configuration,
        configuration_version=connection.configuration_version,
        current_run=connection.current_run,
        held_run=connection.held_run,
        last_run=connection.last_run,
    )


def _answer(app: App, response: Response, connection: Connection) -> ConnectionShown:
    response.headers["ETag"] = etag(connection.configuration_version)
    return shown(app, connection)


def _reason(connection: Connection) -> ReasonShown | None:
    return None if connection.reason is None else ReasonShown.model_validate(reason(connection.reason))


def _tenant(connection: Connection) -> TenantShown | None:
    if connection.tenant_id is None:
        return None
    return TenantShown(id=connection.tenant_id, name=connection.tenant_name, domain=connection.tenant_domain)
