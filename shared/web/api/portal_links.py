"""One-use addresses that open the portal."""

from shared.bootstrap import App
from shared.services.access import LINK_LIFETIME, PortalSession
from shared.web.api.schemas import PortalSessionShown


async def portal_link(app: App, session: PortalSession) -> PortalSessionShown:
    """The address that lets one browser see what the session says."""
    expires_at = app.clock.now() + LINK_LIFETIME
    token = await app.access.portal_link(session)
    return PortalSessionShown(
        url=f"{app.settings.public_url}/portal/open?token={token}", expires_at=expires_at
    )
