"""What is read of a tenant besides users and groups: mailboxes, sign-in methods, activity, products, score.

Each needs a permission that a plain sync does not; without it only this one is not to be had.
"""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from http import HTTPStatus
from urllib.parse import quote

from shared.adapters.graph import documents, report_documents, usage_report
from shared.adapters.graph.answers import Answer, nonsense
from shared.adapters.graph.limits import Allowance
from shared.adapters.graph.paging import decoded, pages
from shared.adapters.graph.transport import ROUND, GraphTransport
from shared.core.errors import Actor, EnrichmentUnavailable
from shared.core.supplement import Registration, SecureScore, SubscribedProduct

NO_PREMIUM = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
"""Microsoft's code where a tenant has no licence for reports on authentication methods."""
_DENIED = frozenset({HTTPStatus.FORBIDDEN})
_AS_APPLICATION = " It must be granted to the application: an administrator reads no mailbox but their own."
_NO_MAILBOX = frozenset({HTTPStatus.NOT_FOUND})

# Microsoft Learn, "Microsoft Graph service-specific throttling limits": 122 in 10 s for all tenants together.
_REGISTRATIONS_OF_ALL = Allowance("graph-registration-details", 100, timedelta(seconds=10))


class GraphReports:
    """The enrichments of one tenant."""

    def __init__(self, transport: GraphTransport) -> None:
        """`transport`: of the tenant."""
        self._transport = transport
        tenant_id = transport.tenant_id
        name = f"{_REGISTRATIONS_OF_ALL.name}-{tenant_id}"
        self._registrations_here = Allowance(name, 5, timedelta(seconds=10))
        self._usage_here = Allowance(f"graph-usage-report-{tenant_id}", 14, timedelta(minutes=10))

    async def mailbox_purposes(self, object_ids: Sequence[str]) -> dict[str, str]:
        """See DirectoryReader."""
        found: dict[str, str] = {}
        for start in range(0, len(object_ids), ROUND):
            asked = object_ids[start : start + ROUND]
            paths = [f"users/{quote(name, safe='')}/mailboxSettings/userPurpose" for name in asked]
            answers = await self._transport.batch(paths, accept=_DENIED | _NO_MAILBOX)
            for object_id, answer in zip(asked, answers, strict=True):
                if answer.status == HTTPStatus.FORBIDDEN:
                    raise _missing("MailboxSettings.Read", _AS_APPLICATION)
                if answer.status == HTTPStatus.OK:
                    found[object_id] = decoded(report_documents.purpose, answer.body)
        return found

    async def registrations(self) -> dict[str, Registration]:
        """See DirectoryReader."""
        found: dict[str, Registration] = {}
        first = self._transport.url("reports/authenticationMethods/userRegistrationDetails")
        async for document in pages(self._registration_page, first, report_documents.registrations):
            found |= document.registrations()
        return found

    async def activity(self) -> dict[str, date | None]:
        """See DirectoryReader."""
        await self._transport.reserve(self._usage_here)
        url = self._transport.url("reports/getOffice365ActiveUserDetail(period='D180')")
        answer = await self._transport.ask(url, accept=_DENIED | {HTTPStatus.FOUND})
        if answer.status == HTTPStatus.FORBIDDEN:
            raise _missing("Reports.Read.All")
        if answer.status != HTTPStatus.FOUND:
            raise nonsense()
        report = await self._transport.download(answer.location)
        # A large tenant's report takes long enough to be in everybody else's way.
        found = await asyncio.to_thread(usage_report.last_days, report)
        if found is None:
            raise _concealed()
        return found

    async def products(self) -> list[SubscribedProduct]:
        """See DirectoryReader."""
        url = "subscribedSkus?$select=skuId,skuPartNumber,appliesTo,consumedUnits,prepaidUnits"
        answer = await self._permitted(self._transport.url(url), "Organization.Read.All")
        return decoded(report_documents.products, answer.body)

    async def secure_score(self) -> SecureScore | None:
        """See DirectoryReader."""
        url = self._transport.url("security/secureScores?$top=1")
        answer = await self._permitted(url, "SecurityEvents.Read.All")
        return decoded(report_documents.secure_score, answer.body)

    async def _registration_page(self, url: str) -> bytes:
        await self._transport.reserve(self._registrations_here, _REGISTRATIONS_OF_ALL)
        answer = await self._transport.ask(url, accept=_DENIED)
        if answer.status == HTTPStatus.FORBIDDEN:
            if documents.error_code(answer.body) == NO_PREMIUM:
                raise _not_licensed()
            raise _missing("AuditLog.Read.All")
        return answer.body

    async def _permitted(self, url: str, permission: str) -> Answer:
        answer = await self._transport.ask(url, accept=_DENIED)
        if answer.status == HTTPStatus.FORBIDDEN:
            raise _missing(permission)
        return answer


def _missing(permission: str, remark: str = "") -> EnrichmentUnavailable:
    return EnrichmentUnavailable(
        "enrichment_permission_missing",
        f"The permission {permission} is missing or was withdrawn.",
        "A Global Administrator of the customer must connect the organization again and approve "
        f"{permission}.{remark}",
        Actor.CUSTOMER_ADMIN,
    )


def _not_licensed() -> EnrichmentUnavailable:
    return EnrichmentUnavailable(
        "enrichment_not_licensed",
        "The customer's organization has no licence for reports on authentication methods.",
        "Microsoft gives them to organizations with Microsoft Entra ID P1 or P2 only.",
        Actor.CUSTOMER_ADMIN,
        permanent=True,
    )


def _concealed() -> EnrichmentUnavailable:
    return EnrichmentUnavailable(
        "enrichment_names_concealed",
        "The customer's organization conceals the names of people in its reports.",
        "A Global Administrator of the customer must open the Microsoft 365 admin center, go to Settings, "
        "Org settings, Services, Reports, and clear “Display concealed user, group, and site names in all "
        "reports”. It takes effect with the next report, usually within two days.",
        Actor.CUSTOMER_ADMIN,
    )
