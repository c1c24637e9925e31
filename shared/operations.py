"""The operator's services, wired beside the app's: they look across accounts, so the web has none of them."""

from dataclasses import dataclass

import msgspec

from shared.app import App, Outside
from shared.ports.operation import (
    AuditLog,
    CredentialProof,
    CustomerTraces,
    Fleet,
    SecretVersions,
    Tables,
    WhoActs,
    WorkQueues,
)
from shared.services.operating.auditing import Auditing
from shared.services.operating.connections import ConnectionDesk
from shared.services.operating.copying import Copying
from shared.services.operating.credential import CredentialDesk
from shared.services.operating.erasing import Erasing
from shared.services.operating.runs import RunDesk


class Office(msgspec.Struct, frozen=True, kw_only=True):
    """What is outside, as far as only the operator may reach it."""

    fleet: Fleet
    audit: AuditLog
    who: WhoActs
    queues: WorkQueues
    versions: SecretVersions
    proof: CredentialProof
    traces: CustomerTraces
    tables: Tables


@dataclass(frozen=True, slots=True)
class Operations:
    """The operator's services, and the app whose they are."""

    app: App
    auditing: Auditing
    connections: ConnectionDesk
    runs: RunDesk
    queues: WorkQueues
    credential: CredentialDesk
    erasing: Erasing
    copying: Copying

    async def close(self) -> None:
        """Give every connection back."""
        await self.app.close()


def wire_operations(app: App, outside: Outside, office: Office) -> Operations:
    """The operator's services over what is outside."""
    connections = ConnectionDesk(
        office.fleet,
        outside.accounts,
        outside.customers,
        outside.brakes,
        app.pausing,
        app.customers.scheduling,
        app.clock,
    )
    return Operations(
        app=app,
        auditing=Auditing(office.audit, office.who, app.clock),
        connections=connections,
        runs=RunDesk(office.fleet, connections, outside.runs, outside.changes, app.runs),
        queues=office.queues,
        credential=CredentialDesk(
            app.settings.entra_client_certificate_name,
            app.settings.entra_client_secret_name,
            outside.secrets,
            office.versions,
            office.proof,
            office.fleet,
            app.clock,
        ),
        erasing=Erasing(
            outside.customers,
            outside.connections,
            outside.runs,
            outside.webhooks,
            outside.account_destinations,
            outside.secrets,
            app.onboarding,
            app.runs,
            office.traces,
            app.clock,
        ),
        copying=Copying(office.tables, app.clock),
    )
