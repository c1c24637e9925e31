"""How one customer's tenant is used and protected, as the last sync with enrichments found it."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from shared.core.licence_report import Reported, licence_report
from shared.core.security_report import CustomerSecurity
from shared.web.bars import WIDTH, bar
from shared.web.pages import page
from shared.web.portal.customers.tabs import frame
from shared.web.portal.guard import TheCustomer
from shared.web.report_tables import licences_table, security_table
from shared.web.services import READ, Services

router = APIRouter(prefix="/portal/customers/{customer}/report")


@router.api_route("", methods=READ)
async def report(request: Request, app: Services, customer: TheCustomer) -> HTMLResponse:
    """Licences, second factors and secure score, and what could not be read."""
    connection, tabs = await frame(app, customer, "report")
    found = await app.reports.get(customer.account_id, customer.connection_id)
    mfa = None if found is None or found.mfa is None else found.mfa.percent
    score = None if found is None or found.secure_score is None else found.secure_score.percent
    prices = await app.prices.get(customer.account_id)
    licences = licence_report([Reported(customer.id, customer.name, found)], prices)
    return page(
        request,
        "portal/customer/report.html",
        customer=customer,
        connection=connection,
        tabs=tabs,
        report=found,
        licences=licences,
        prices=prices,
        bars={
            product.sku_id: bar(
                (product.sum.measured - product.sum.unused, product.sum.unused), product.sum.measured
            )
            for product in licences.products
            if product.sum.unused is not None and not product.free
        },
        mfa_bar=None if mfa is None else bar((mfa,), WIDTH),
        score_bar=None if score is None else bar((score,), WIDTH),
    )


@router.api_route("/licences.csv", methods=READ)
async def licences_csv(app: Services, customer: TheCustomer) -> Response:
    """The licences for a spreadsheet."""
    found = await app.reports.get(customer.account_id, customer.connection_id)
    prices = await app.prices.get(customer.account_id)
    return licences_table(
        licence_report([Reported(customer.id, customer.name, found)], prices).customers, prices
    )


@router.api_route("/security.csv", methods=READ)
async def security_csv(app: Services, customer: TheCustomer) -> Response:
    """Second factors and secure score for a spreadsheet."""
    found = await app.reports.get(customer.account_id, customer.connection_id)
    if found is None:
        return security_table(())
    line = CustomerSecurity(customer.id, customer.name, found.made_at, found.mfa, found.secure_score)
    return security_table([line])
