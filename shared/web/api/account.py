"""The account: its destination, and the import of its customers from there."""

from fastapi import APIRouter, Response

from shared.app import App
from shared.core.account_destination import AccountDestination, DestinationKind
from shared.core.api_key import Resource
from shared.core.customer import Account as AccountOfKey
from shared.core.return_address import is_origin
from shared.services.access import PortalSession
from shared.services.account_setup import importing
from shared.web.api.account_schemas import (
    AccountChangeSent,
    AccountShown,
    DestinationProblemShown,
    DestinationSent,
    DestinationShown,
)
from shared.web.api.keys import Account, keyed
from shared.web.api.portal_links import checked, portal_link
from shared.web.api.schemas import PortalSessionSent, PortalSessionShown
from shared.web.problems import InvalidRequest
from shared.web.services import READ, Services

router = APIRouter(prefix="/account", route_class=keyed(Resource.ACCOUNT))
portal = APIRouter(prefix="/account", route_class=keyed(Resource.PORTAL))

_LOOK_AGAIN = "2"  # seconds


@router.api_route("", methods=READ)
async def account(app: Services, account_id: Account) -> AccountShown:
    """The account of the API key, and where its contacts live."""
    return await _account(app, await app.access.account(account_id))


@router.patch("")
async def change(app: Services, account_id: Account, sent: AccountChangeSent) -> AccountShown:
    """Change what is named; the rest stays."""
    if "return_origins" not in sent.model_fields_set:
        return await _account(app, await app.access.account(account_id))
    origins = tuple(dict.fromkeys(sent.return_origins or ()))
    if not all(map(is_origin, origins)):
        raise InvalidRequest(
            {"return_origins": "Each must be an origin such as https://psa.example, in lower case."}
        )
    return await _account(app, await app.access.let_return_to(account_id, origins))


@router.put("/destination")
async def choose(app: Services, account_id: Account, sent: DestinationSent) -> DestinationShown:
    """Let the contacts live elsewhere. A key is tested first: with a bad one nothing is changed."""
    key = "" if sent.api_key is None else sent.api_key.get_secret_value().strip()
    subdomain = (sent.subdomain or "").strip().lower()
    _check(sent, key, subdomain)
    return _shown(app, await app.account_setup.choose(account_id, sent.kind, key, subdomain or None))


@router.post("/destination/test")
async def test(app: Services, account_id: Account) -> DestinationShown:
    """Try the key that is kept; what is the matter with it stays in the destination's `problem`."""
    return _shown(app, await app.account_setup.test(account_id))


@router.post("/customers/import", status_code=202)
async def import_customers(app: Services, account_id: Account, response: Response) -> DestinationShown:
    """Have the customers of the PSA read again; the account says when that is over."""
    destination = await app.account_setup.begin_import(account_id)
    response.headers["Location"] = "/api/v1/account"
    response.headers["Retry-After"] = _LOOK_AGAIN
    return _shown(app, destination)


@portal.post("/portal-sessions", status_code=201)
async def portal_session(
    app: Services, account_id: Account, sent: PortalSessionSent | None = None
) -> PortalSessionShown:
    """A one-use address that opens the portal for the account and all of its customers."""
    sent = await checked(app, account_id, sent or PortalSessionSent())
    return await portal_link(app, PortalSession(account_id, None, return_url=sent.return_url))


async def _account(app: App, found: AccountOfKey) -> AccountShown:
    return AccountShown(
        id=found.id,
        name=found.name,
        created_at=found.created_at,
        destination=_shown(app, await app.account_setup.get(found.id)),
        return_origins=list(found.return_origins),
    )


def _check(sent: DestinationSent, key: str, subdomain: str) -> None:
    """Raises InvalidRequest, which names each member that is missing or has no place there."""
    errors: dict[str, str] = {}
    if sent.kind is DestinationKind.BUILTIN:
        if sent.api_key is not None:
            errors["api_key"] = "It only goes with the kinds atera and syncro."
    elif not key:
        errors["api_key"] = "A key of the PSA is needed."
    if sent.kind is not DestinationKind.SYNCRO:
        if sent.subdomain is not None:
            errors["subdomain"] = "It only goes with the kind syncro."
    elif not subdomain:
        errors["subdomain"] = "Say which Syncro account it is: the first part of its address."
    if errors:
        raise InvalidRequest(errors)


def _shown(app: App, destination: AccountDestination) -> DestinationShown:
    problem = destination.problem
    return DestinationShown(
        kind=destination.kind,
        subdomain=destination.subdomain,
        name=destination.name or None,
        set_at=destination.set_at,
        tested_at=destination.tested_at,
        problem=None if problem is None else DestinationProblemShown.model_validate(problem),
        imported_at=destination.imported_at,
        customers=destination.customers,
        importing=importing(destination, app.clock.now()),
    )
