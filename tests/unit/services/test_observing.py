"""The look at everything: what it tells of all connections and of the app's own credential."""

import weakref
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import msgspec
import pytest

from shared.core.account_destination import AccountDestination, DestinationKind, DestinationProblem
from shared.core.connection import ConnectionState
from shared.core.credential import Credential, CredentialKind
from shared.core.errors import OperatorError, RetryLater, ScopeObjectMissing
from shared.core.fleet import MOST_NAMED
from shared.core.standing import Glance
from shared.services.observing import Observing
from tests.fakes import ACCOUNT, START, FakeClock, FakeConnectionStore, FakeSecrets, World
from tests.fakes.logged import logged_events
from tests.fakes.measured import measuring
from tests.fakes.psa import FakeAccountDestinations

DAY = timedelta(days=1)
SECRET = "entra-client-secret"


def observing(world: World) -> Observing:
    return world.app.observing


async def look_at(
    connections: FakeConnectionStore, secrets: FakeSecrets, clock: FakeClock, credential: Credential
) -> None:
    hour = timedelta(hours=1)
    await Observing(connections, FakeAccountDestinations(), secrets, clock, credential, hour).look()


async def test_all_connections_are_told_in_one_event() -> None:
    """How many there are of each kind, how many runs wait, how many are late, how old the oldest is."""
    world = World()
    customer, _ = await world.connected("ada")
    await world.sync(customer)
    other = await world.customer("c-2")
    await world.app.onboarding.begin(other, (await world.connection(customer)).grant)
    world.clock.advance(timedelta(minutes=40))
    with logged_events() as logged, measuring() as measured:
        await observing(world).look()
    assert logged.one("fleet.observed") == {
        "active": 1,
        "paused": 0,
        "action_required": 0,
        "pending": 1,
        "disconnected": 0,
        "held": 0,
        "late": 0,
        "oldest_seconds": 2400,
        "level": "INFO",
    }
    assert logged.named("connection.late") == []
    assert measured.of("tenantry.connections") == {
        (("state", "active"),): 1,
        (("state", "paused"),): 0,
        (("state", "action_required"),): 0,
        (("state", "pending"),): 1,
        (("state", "disconnected"),): 0,
    }
    assert measured.one("tenantry.connections.late") == 0
    assert measured.one("tenantry.runs.held") == 0
    assert measured.one("tenantry.connection.freshness") == 2400
    assert measured.counts["tenantry.connection.freshness"] == {(): 1}


async def test_a_late_connection_is_named() -> None:
    """By its ids, with how late it is and how old its contacts are."""
    world = World()
    customer, _ = await world.connected("ada")
    await world.sync(customer)
    world.clock.advance(2 * DAY)
    with logged_events() as logged, measuring() as measured:
        await observing(world).look()
    fields = logged.one("connection.late")
    assert fields.keys() == {
        "account",
        "customer",
        "connection",
        "overdue_seconds",
        "freshness_seconds",
        "level",
    }
    assert (fields["account"], fields["customer"], fields["connection"], fields["level"]) == (
        ACCOUNT,
        customer.id,
        customer.connection_id,
        "WARNING",
    )
    assert fields["freshness_seconds"] == (2 * DAY).total_seconds()
    assert 0 < fields["overdue_seconds"] < fields["freshness_seconds"]
    assert logged.one("fleet.observed")["late"] == measured.one("tenantry.connections.late") == 1


async def test_a_customer_whose_psa_lets_nobody_in_is_not_late() -> None:
    """Somebody must paste another key; until then the operator is woken for nothing. Its age is told."""
    world = World()
    customer, _ = await world.connected("ada")
    await world.sync(customer)
    world.clock.advance(2 * DAY)
    problem = DestinationProblem("destination_key_refused", "Refused.", "Paste one.", "technician", START)
    broken = AccountDestination(DestinationKind.ATERA, problem=problem)
    stored = await world.account_destinations.put(ACCOUNT, None, broken)
    with logged_events() as logged:
        await observing(world).look()
    seen = logged.one("fleet.observed")
    assert (seen["late"], seen["oldest_seconds"]) == (0, (2 * DAY).total_seconds())
    assert logged.named("connection.late") == []
    ours = msgspec.structs.replace(broken, problem=msgspec.structs.replace(problem, actor="operator"))
    await world.account_destinations.put(ACCOUNT, stored, ours)
    with logged_events() as logged:
        await observing(world).look()
    assert logged.one("fleet.observed")["late"] == 1


async def test_a_customer_who_fails_for_what_a_technician_must_put_right_is_not_late() -> None:
    """A group that is gone, for one; a failure that is nobody's or the operator's is a reason to look."""
    world = World()
    customer, tenant = await world.connected("ada")
    await world.sync(customer)
    world.clock.advance(2 * DAY)
    for failure, late in (
        (ScopeObjectMissing(["group"]), 0),
        (OperatorError("credential_refused", "Refused.", "Renew it."), 1),
    ):
        tenant.fail_next(failure)
        await world.sync(customer)
        with logged_events() as logged:
            await observing(world).look()
        assert logged.one("fleet.observed")["late"] == late


class Seen(Glance, frozen=True, weakref=True):
    """One that can be counted while it is alive."""


class Crowd(FakeConnectionStore):
    """A hundred thousand late connections that are made while they are read; `most` were alive at once."""

    total, size = 100_000, 1_000

    def __init__(self) -> None:
        super().__init__()
        self.alive = weakref.WeakValueDictionary[int, Seen]()
        self.most = 0

    async def glances(self) -> AsyncIterator[Sequence[Glance]]:
        for start in range(0, self.total, self.size):
            page = [
                Seen("a", "c", f"{number:016x}", ConnectionState.ACTIVE, waiting_since=START - 9 * DAY)
                for number in range(start, start + self.size)
            ]
            self.alive.update((id(one), one) for one in page)
            self.most = max(self.most, len(self.alive))
            yield page


async def test_memory_and_lines_do_not_grow_with_the_connections() -> None:
    """A hundred thousand: two pages of them in memory, and a hundred lines however many are late."""
    crowd = Crowd()
    credential = Credential(CredentialKind.MANAGED_IDENTITY)
    with logged_events() as logged, measuring() as measured:
        await look_at(crowd, FakeSecrets(), FakeClock(), credential)
    assert crowd.most <= 2 * crowd.size
    assert logged.one("fleet.observed")["late"] == crowd.total
    assert len(logged.named("connection.late")) == MOST_NAMED
    assert measured.counts["tenantry.connection.freshness"] == {(): crowd.total}


@pytest.mark.parametrize(
    ("expires_in", "left"),
    [(None, -1), (20 * DAY, 20), (DAY - timedelta(seconds=1), 0), (-DAY, 0)],
)
async def test_how_long_the_secret_is_good_for(expires_in: timedelta | None, left: int) -> None:
    """Whole days, as Key Vault has it; one that has expired has none left."""
    world = World()
    world.secrets.values[SECRET] = "value"
    if expires_in is not None:
        world.secrets.expiries[SECRET] = world.clock.now() + expires_in
    with logged_events() as logged:
        await observing(world).look()
    assert logged.one("credential.observed") == {"kind": "secret", "days_left": left, "level": "INFO"}
    assert "value" not in str(logged.events)


async def test_a_credential_that_is_gone_is_told_before_it_is_needed() -> None:
    """As the refusal that the next token will be."""
    with logged_events() as logged:
        await observing(World()).look()
    assert logged.named("credential.observed") == []
    assert logged.one("credential.refused") == {"code": "credential_missing", "level": "ERROR"}


@pytest.mark.parametrize(
    ("credential", "left"),
    [(Credential(CredentialKind.MANAGED_IDENTITY), -1), (Credential(CredentialKind.CERTIFICATE, "cert"), 3)],
    ids=lambda value: str(getattr(value, "kind", value)),
)
async def test_the_kind_of_credential_is_told(credential: Credential, left: int) -> None:
    """A managed identity never expires, and Key Vault is not asked for it."""
    clock, secrets = FakeClock(), FakeSecrets()
    secrets.values["cert"], secrets.expiries["cert"] = "value", clock.now() + 3 * DAY
    with logged_events() as logged:
        await look_at(FakeConnectionStore(), secrets, clock, credential)
    assert logged.one("credential.observed") == {
        "kind": credential.kind.value,
        "days_left": left,
        "level": "INFO",
    }


async def test_a_vault_that_does_not_answer_costs_only_the_credential() -> None:
    """Connections are told first."""
    world = World()

    class Silent(FakeSecrets):
        async def properties(self, name: str) -> None:
            raise RetryLater.soon("key_vault_unavailable", "Key Vault did not answer.")

    with logged_events() as logged, pytest.raises(RetryLater):
        await look_at(world.connections, Silent(), world.clock, world.settings.credential)
    assert [event.name for event in logged.events] == ["fleet.observed"]
