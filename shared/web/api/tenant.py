"""What a customer's tenant offers to choose from, and the report about it."""

from typing import Annotated

from fastapi import APIRouter, Query

from shared.core.api_key import Resource
from shared.core.errors import NotFound
from shared.core.text import clean
from shared.services.browsing import Attribute
from shared.web.api.keys import TheCustomer, keyed
from shared.web.api.schemas import Part
from shared.web.api.tenant_schemas import GroupShown, ReportShown, ValueShown
from shared.web.services import READ, Services

router = APIRouter(prefix="/customers/{customer}", route_class=keyed(Resource.CONNECTIONS))
report_router = APIRouter(prefix="/customers/{customer}", route_class=keyed(Resource.REPORTS))


@router.api_route("/directory/groups", methods=READ)
async def groups(
    app: Services, customer: TheCustomer, search: Annotated[str, Query(max_length=200)] = ""
) -> Part[GroupShown]:
    """The groups whose name has a word that begins with `search`, by name."""
    connection = (await app.customers.connection(customer)).value
    found = await app.browsing.groups(connection, clean(search))
    return Part(data=[GroupShown.model_validate(group) for group in found], after=None)


@router.api_route("/directory/{attribute}", methods=READ)
async def values(app: Services, customer: TheCustomer, attribute: Attribute) -> Part[ValueShown]:
    """Every value of the attribute with its users, most first."""
    connection = (await app.customers.connection(customer)).value
    found = await app.browsing.values(connection, attribute)
    return Part(data=[ValueShown.model_validate(value) for value in found], after=None)


@report_router.api_route("/report", methods=READ)
async def report(app: Services, customer: TheCustomer) -> ReportShown:
    """The latest report; syncs make it where the configuration asks for enrichments."""
    found = await app.reports.get(customer.account_id, customer.connection_id)
    if found is None:
        raise NotFound("report")
    return ReportShown.model_validate(found)
