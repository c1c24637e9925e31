"""The HTTP API, version 1."""

from fastapi import APIRouter

from shared import __version__
from shared.web.api.account import portal as account_portal
from shared.web.api.account import router as account
from shared.web.api.api_keys import router as api_keys
from shared.web.api.changes import router as changes
from shared.web.api.connections import router as connections
from shared.web.api.contacts import router as contacts
from shared.web.api.customers import portal as customer_portal
from shared.web.api.customers import router as customers
from shared.web.api.events import router as events
from shared.web.api.issues import router as issues
from shared.web.api.presets import router as presets
from shared.web.api.reference import router as reference
from shared.web.api.reports import router as account_reports
from shared.web.api.reviews import router as reviews
from shared.web.api.runs import router as runs
from shared.web.api.schemas import Health
from shared.web.api.setup_links import router as setup_links
from shared.web.api.tenant import report_router as reports
from shared.web.api.tenant import router as tenant
from shared.web.api.webhooks import router as webhooks
from shared.web.services import READ

router = APIRouter(prefix="/api/v1")
for _part in (
    account,
    api_keys,
    account_portal,
    customers,
    customer_portal,
    setup_links,
    connections,
    contacts,
    reviews,
    tenant,
    reports,
    issues,
    account_reports,
    runs,
    changes,
    presets,
    events,
    webhooks,
    reference,
):
    router.include_router(_part)


@router.api_route("/health", methods=READ)
async def health() -> Health:
    """That the app answers; nothing outside it is asked."""
    return Health(status="ok", version=__version__)
