"""An account's destination: the key of its PSA, its customers there, and the tenants they probably have."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from shared.core.account_destination import (
    AccountDestination,
    DestinationKind,
    key_missing,
    problem_of,
    telling_domains,
)
from shared.core.customer import Customer, ProposedTenant, Site
from shared.core.errors import (
    Actor,
    AttemptFailed,
    ConcurrentUpdate,
    Conflict,
    DestinationRefused,
    Refused,
    RetryLater,
    code_of,
)
from shared.core.messages import ImportMessage
from shared.core.run import new_connection_id
from shared.logs import log, where
from shared.ports import (
    AccountDestinationStore,
    Clock,
    CustomerStore,
    FoundCustomer,
    PsaAccounts,
    Queue,
    Secrets,
    Stored,
    Tenants,
)

_ATTEMPTS = 5
_AT_ONCE = 8  # customers
_LONGEST_IMPORT = timedelta(hours=6)
_PAGE = 500
LONGEST_KEY = 4096
"""Characters; an access token of a PSA has some hundreds."""


@dataclass(frozen=True, slots=True)
class AccountSetup:
    """Chooses, tests and imports."""

    destinations: AccountDestinationStore
    psas: PsaAccounts
    secrets: Secrets
    customers: CustomerStore
    tenants: Tenants
    queue: Queue
    clock: Clock

    async def get(self, account_id: str) -> AccountDestination:
        """Where the account's contacts live."""
        stored = await self.destinations.get(account_id)
        return AccountDestination() if stored is None else stored.value

    async def choose(
        self, account_id: str, kind: DestinationKind, key: str = "", subdomain: str | None = None
    ) -> AccountDestination:
        """Let the account's contacts live elsewhere; a PSA's key is tested before it is kept.

        Raises Refused where a key is needed, DestinationRefused where it is not good, and then nothing is
        changed. The PSA's customers are imported by a message.
        """
        stored = await self.destinations.get(account_id)
        now = self.clock.now()
        if kind is DestinationKind.BUILTIN:
            chosen = AccountDestination(set_at=now)
            await self._put(account_id, stored, chosen)
            if stored is not None:
                await self._forget_key(stored.value)
            return chosen
        key = key.strip()
        if not key or len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
            raise _no_key()
        account = self.psas.open(kind, key, subdomain, account_id, in_person=True)
        identity = await account.check()
        # A name of its own: of two who choose at once, neither's key may be sent to the other's PSA.
        name = f"psa-key-{account_id}-{secrets.token_hex(4)}"
        await self.secrets.set(name, key)
        before = AccountDestination() if stored is None else stored.value
        same = before.psa_account == identity.account
        chosen = AccountDestination(
            kind=kind,
            subdomain=subdomain if kind is DestinationKind.SYNCRO else None,
            psa_account=identity.account,
            name=identity.name,
            secret_name=name,
            set_at=now,
            tested_at=now,
            importing_since=now,
            imported_at=before.imported_at if same else None,
            customers=before.customers if same else 0,
        )
        try:
            await self._put(account_id, stored, chosen)
        except Conflict:
            await self.secrets.delete(name)
            raise
        log("destination.chosen", account=account_id, kind=kind)
        await self.queue.send(ImportMessage(account_id, now))
        await self._forget_key(before)
        return chosen

    async def test(self, account_id: str) -> AccountDestination:
        """Try the key that is kept. Raises DestinationRefused, which is kept, and Conflict without a PSA."""
        stored = await self._with_psa(account_id)
        destination, now = stored.value, self.clock.now()
        key = await self.secrets.get(destination.secret_name or "")
        try:
            if key is None:
                raise key_missing()
            account = self.psas.open(destination.kind, key, destination.subdomain, account_id, in_person=True)
            identity = await account.check()
        except DestinationRefused as error:
            await self._put(
                account_id,
                stored,
                msgspec.structs.replace(destination, tested_at=now, problem=problem_of(error, now)),
            )
            raise
        tested = msgspec.structs.replace(destination, tested_at=now, problem=None, name=identity.name)
        await self.psas.forget(tested, account_id)
        return (await self._put(account_id, stored, tested)).value

    async def begin_import(self, account_id: str) -> AccountDestination:
        """Have the customers of the PSA read again. Raises Conflict without a PSA."""
        stored = await self._with_psa(account_id)
        now = self.clock.now()
        importing = msgspec.structs.replace(stored.value, importing_since=now)
        await self._put(account_id, stored, importing)
        await self.queue.send(ImportMessage(account_id, now))
        return importing

    async def import_customers(self, message: ImportMessage) -> None:
        """Read the PSA's customers, whatever they are called now, and propose tenants for those without one.

        Nobody is removed: a customer that is gone from the PSA may still have a connection. Raises
        AttemptFailed for what another delivery may cure.
        """
        stored = await self.destinations.get(message.account_id)
        if stored is None or stored.value.importing_since != message.asked_at:
            log("import.ignored", account=message.account_id)
            return
        try:
            found = await self._found(message.account_id, stored.value)
        except RetryLater as error:
            await self._later(message, stored, error)
            return
        except DestinationRefused as error:
            log("import.failed", account=message.account_id, code=error.code)
            await self._end(stored, message.account_id, problem=problem_of(error, self.clock.now()))
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, its text may name anybody
            log("import.stumbled", account=message.account_id, code=code_of(error), where=where(error))
            raise AttemptFailed(code_of(error)) from None
        now = self.clock.now()
        await self._end(stored, message.account_id, imported_at=now, customers=found, problem=None)
        log("import.done", account=message.account_id, customers=found)

    async def give_up(self, message: ImportMessage) -> None:
        """End an import that failed on every delivery."""
        stored = await self.destinations.get(message.account_id)
        if stored is not None and stored.value.importing_since == message.asked_at:
            await self._end(stored, message.account_id)

    async def _found(self, account_id: str, destination: AccountDestination) -> int:
        """Import; returns how many customers there are."""
        key = await self.secrets.get(destination.secret_name or "")
        if key is None:
            raise key_missing()
        account = self.psas.open(destination.kind, key, destination.subdomain, account_id)
        found = [customer async for page in account.customers() for customer in page]
        domains = {customer.id: customer.domains for customer in found}
        if not all(domains.values()):
            by_address = await account.address_domains()
            domains = {customer: mine or by_address.get(customer, ()) for customer, mine in domains.items()}
        telling = telling_domains(domains)
        known = await self._known(account_id)
        gate = asyncio.Semaphore(_AT_ONCE)

        async def keep(customer: FoundCustomer) -> None:
            async with gate:
                before = known.get(customer.id)
                proposed = await self._proposed(telling[customer.id], before)
                await self._keep(account_id, customer, before, domains[customer.id], proposed)

        try:
            async with asyncio.TaskGroup() as group:
                for customer in found:
                    group.create_task(keep(customer))
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None  # callers know the errors, not the groups they come in
        return len(found)

    async def _known(self, account_id: str) -> Mapping[str, Customer]:
        known: dict[str, Customer] = {}
        after: str | None = None
        while True:
            page = await self.customers.list(account_id, _PAGE, after)
            known |= {customer.id: customer for customer in page.items}
            if page.after is None:
                return known
            after = page.after

    async def _keep(
        self,
        account_id: str,
        found: FoundCustomer,
        before: Customer | None,
        domains: tuple[str, ...],
        proposed: ProposedTenant | None,
    ) -> None:
        customer = Customer(
            id=found.id,
            account_id=account_id,
            name=found.name,
            connection_id=new_connection_id() if before is None else before.connection_id,
            created_at=self.clock.now() if before is None else before.created_at,
            sites=tuple(Site(*site) for site in found.sites),
            domains=domains,
            proposed=proposed,
        )
        if customer != before:
            await self.customers.put(customer)

    async def _proposed(self, domains: list[str], before: Customer | None) -> ProposedTenant | None:
        """The tenant of the first domain that leads to one; what was found before is not asked again."""
        if before is not None and before.proposed is not None and before.proposed.domain in domains:
            return before.proposed
        for domain in domains:
            tenant_id = await self.tenants.of_domain(domain)
            if tenant_id is not None:
                return ProposedTenant(tenant_id, domain)
        return None

    async def _later(
        self, message: ImportMessage, stored: Stored[AccountDestination], error: RetryLater
    ) -> None:
        if self.clock.now() - message.asked_at + error.after > _LONGEST_IMPORT:
            log("import.failed", account=message.account_id, code=error.code)
            await self._end(stored, message.account_id)
            return
        log("import.put_off", account=message.account_id, code=error.code)
        await self.queue.send(message, error.after)

    async def _end(self, stored: Stored[AccountDestination], account_id: str, **changes: object) -> None:
        """Write how an import ended, unless somebody chose or asked again meanwhile."""
        asked_at = stored.value.importing_since
        for _ in range(_ATTEMPTS):
            if stored.value.importing_since != asked_at:
                return
            ended = msgspec.structs.replace(stored.value, importing_since=None, **changes)
            try:
                await self.destinations.put(account_id, stored, ended)
                return
            except ConcurrentUpdate:
                again = await self.destinations.get(account_id)
                if again is None:
                    return
                stored = again
        raise RetryLater.soon("busy", "The account is being changed by several others at once.")

    async def _forget_key(self, former: AccountDestination) -> None:
        if former.secret_name is not None:
            await self.secrets.delete(former.secret_name)

    async def _put(
        self, account_id: str, before: Stored[AccountDestination] | None, value: AccountDestination
    ) -> Stored[AccountDestination]:
        try:
            return await self.destinations.put(account_id, before, value)
        except ConcurrentUpdate:
            raise Conflict(
                "busy",
                "Somebody else is changing the account's destination.",
                "Look at it again, and repeat what you wanted if it is still to be done.",
                Actor.TECHNICIAN,
            ) from None

    async def _with_psa(self, account_id: str) -> Stored[AccountDestination]:
        stored = await self.destinations.get(account_id)
        if stored is None or stored.value.kind is DestinationKind.BUILTIN:
            raise Conflict(
                "destination_is_builtin",
                "The account's contacts live in this service, not in a PSA.",
                "Choose a PSA and paste its API key first.",
                Actor.TECHNICIAN,
            )
        return stored


def importing(destination: AccountDestination, now: datetime) -> bool:
    """Whether customers are being read, and not given up long ago."""
    since = destination.importing_since
    return since is not None and now - since < _LONGEST_IMPORT


def _no_key() -> Refused:
    return Refused(
        "destination_key_needed",
        "There is no API key, or what was sent can be none.",
        "Paste the whole key as the PSA shows it, without line breaks.",
        Actor.TECHNICIAN,
    )
