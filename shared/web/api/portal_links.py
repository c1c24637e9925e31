"""One-use addresses that open the portal."""

from shared.app import App
from shared.core.return_address import may_return_to
from shared.services.access import LINK_LIFETIME, PortalSession
from shared.web.api.schemas import PortalSessionSent, PortalSessionShown
from shared.web.problems import InvalidRequest


async def checked(app: App, account_id: str, sent: PortalSessionSent) -> PortalSessionSent:
    """What was sent, if the account lets its portal lead there. Raises InvalidRequest and NotFound."""
    if sent.return_url is not None:
        account = await app.access.account(account_id)
        if not may_return_to(sent.return_url, account.return_origins):
            raise InvalidRequest({"return_url": "It must be on one of the account's return_origins."})
    return sent


async def portal_link(app: App, session: PortalSession) -> PortalSessionShown:
    """The address that lets one browser see what the session says."""
    expires_at = app.clock.now() + LINK_LIFETIME
    token = await app.access.portal_link(session)
    return PortalSessionShown(
        url=f"{app.settings.public_url}/portal/open?token={token}", expires_at=expires_at
    )
