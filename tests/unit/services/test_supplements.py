"""What a run asks besides the users: as much as its configuration needs, and what becomes of no answer."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from shared.core.configuration import (
    Configuration,
    Enrichment,
    GroupMode,
    Groups,
    LeaverPolicy,
    Preset,
    Scope,
    SharedMailboxes,
)
from shared.core.errors import ActionRequired, RetryLater, SourceFault, TenantryError
from shared.core.mirror import Snapshot
from shared.core.presets import PRESETS
from shared.core.run import Run, RunKind, RunState, Trigger
from shared.core.supplement import Registration, SecureScore, SubscribedProduct, Supplement
from shared.services import supplements
from shared.services.supplements import MAILBOXES, read_supplement
from tests.fakes import TENANT, FakeDirectory, FakeDirectoryReader, Process, World
from tests.fakes.directory import permission_missing
from tests.fakes.directory_extras import unavailable
from tests.property.scenarios import UNGUARDED

GROUP = "00000000-0000-4000-8000-000000000001"
SELECTED = Scope(groups=Groups(GroupMode.SELECTED, (GROUP,)))
BY_PURPOSE = Scope(shared_mailboxes=SharedMailboxes.LEAVE_OUT_BY_PURPOSE)
USERS = ("latest_delta_link", "users", "users")  # the end of the list is asked for too


async def asked(configuration: Configuration) -> Counter[str]:
    """What a first sync with the configuration asks of a tenant, method by method."""
    world = World()
    customer, tenant = await world.connected("ada", "bob")
    tenant.add_group("Staff", "ada", object_id=GROUP)
    await world.configure(customer, configuration)
    process = Process()
    app = world.start_app(process)
    await world.app.runs.start(customer, RunKind.SYNC, Trigger.API)
    await world.drain(lambda: app, until=world.clock.now())
    reader = "FakeDirectoryReader."
    return Counter(call.removeprefix(reader) for call in process.calls if call.startswith(reader))


@pytest.mark.parametrize(
    ("configuration", "questions"),
    [
        (Configuration(), ()),
        (PRESETS[Preset.ATERA], ()),
        (PRESETS[Preset.SYNCRO], ("activity", "products", "registrations", "secure_score")),
        (Configuration(enrichments=(Enrichment.MFA,)), ("registrations",)),
        (Configuration(enrichments=(Enrichment.ACTIVITY,)), ("activity",)),
        (Configuration(enrichments=(Enrichment.LICENCES,)), ("products",)),
        (Configuration(enrichments=(Enrichment.SECURE_SCORE,)), ("secure_score",)),
        (Configuration(scope=SELECTED), ("members",)),
        (Configuration(scope=Scope(groups=Groups(GroupMode.ALL))), ("members_of_any_group",)),
        (Configuration(scope=BY_PURPOSE), ("mailbox_purposes",)),
        (Configuration(scope=Scope(licensed_only=True, departments=("Sales",))), ()),
        (Configuration(leavers=LeaverPolicy.DEACTIVATE), ()),
    ],
)
async def test_a_sync_asks_what_its_configuration_needs_and_nothing_else(
    configuration: Configuration, questions: tuple[str, ...]
) -> None:
    """Each question once; a tenant that granted only what was chosen is never asked for more."""
    assert await asked(configuration) == Counter([*USERS, *questions])


class Asked:
    """A reader of one tenant, and how often it was said that the run is alive."""

    def __init__(self, *people: str) -> None:
        self.tenant, self.alive = FakeDirectory(TENANT), 0
        for person in people:
            self.tenant.hire(person)
        self.purposes: list[list[str]] = []

    async def read(
        self,
        configuration: Configuration,
        *,
        known: dict[str, str] | None = None,
        touched: frozenset[str] | None = None,
    ) -> Supplement:
        async def alive() -> None:
            self.alive += 1

        reader = _Noting(self.tenant, self.purposes)
        supplement = Supplement(purposes=known)
        snapshot = Snapshot(dict(self.tenant.users), {}, touched, changed=True, supplement=supplement)
        return await read_supplement(reader, snapshot, configuration, alive)


class _Noting(FakeDirectoryReader):
    """Keeps of whose mailboxes it was asked."""

    def __init__(self, tenant: FakeDirectory, purposes: list[list[str]]) -> None:
        super().__init__(tenant)
        self._noted = purposes

    async def mailbox_purposes(self, object_ids: Sequence[str]) -> dict[str, str]:
        self._noted.append(list(object_ids))
        return await super().mailbox_purposes(object_ids)


async def test_what_is_answered_is_there() -> None:
    """Everything that can be asked, under its name, and after each answer the run says that it is alive."""
    place = Asked("ada")
    tenant = place.tenant
    tenant.add_group("Staff", "ada", object_id=GROUP)
    tenant.registrations["ada"] = Registration(capable=True)
    tenant.activity["ada"] = date(2026, 3, 1)
    tenant.products = [SubscribedProduct("sku", "PART", 5, 1)]
    tenant.secure_score = SecureScore(1.0, 2.0, date(2026, 3, 1))
    scope = replace(SELECTED, shared_mailboxes=SharedMailboxes.LEAVE_OUT_BY_PURPOSE)
    found = await place.read(Configuration(scope=scope, enrichments=tuple(Enrichment)))
    assert found == Supplement(
        group_members=frozenset({"ada"}),
        purposes={"ada": "user"},
        registrations=tenant.registrations,
        activity={"ada@contoso.example": date(2026, 3, 1)},
        products=tuple(tenant.products),
        secure_score=tenant.secure_score,
    )
    assert place.alive == 6


ENRICHMENTS = {
    Enrichment.MFA: "registrations",
    Enrichment.ACTIVITY: "activity",
    Enrichment.LICENCES: "products",
    Enrichment.SECURE_SCORE: "secure_score",
}


@pytest.mark.parametrize("enrichment", list(Enrichment))
@pytest.mark.parametrize(
    ("error", "permanent"),
    [
        (unavailable("AuditLog.Read.All"), False),
        (unavailable("not_licensed", permanent=True), True),
        (RetryLater("graph_busy", "Graph is busy.", timedelta(hours=1)), False),
        (SourceFault("read_incomplete", "Half a page.", "Nobody has to act."), False),
    ],
)
async def test_an_enrichment_without_answer_is_a_gap(
    enrichment: Enrichment, error: TenantryError, permanent: bool
) -> None:
    """It says what is missing, why, who can change it and whether for good; the others are read."""
    place = Asked("ada")
    place.tenant.errors[ENRICHMENTS[enrichment]] = error
    found = await place.read(Configuration(enrichments=tuple(Enrichment)))
    (gap,) = found.gaps
    assert (gap.enrichment, gap.code, gap.permanent) == (enrichment.value, error.code, permanent)
    assert (gap.title, gap.detail, gap.actor) == (error.title, error.detail, error.actor.value)
    assert found.lacks(enrichment) == gap
    assert [other for other in Enrichment if found.lacks(other)] == [enrichment]
    values = {name: getattr(found, name) for name in ("registrations", "activity", "products")}
    assert [name for name, value in values.items() if value is None] == (
        [ENRICHMENTS[enrichment]] if enrichment is not Enrichment.SECURE_SCORE else []
    )
    assert place.alive == 3


async def test_a_withdrawn_permission_of_the_sync_itself_is_no_gap() -> None:
    """Whatever ends the access to the tenant ends the run."""
    place = Asked("ada")
    place.tenant.errors["registrations"] = permission_missing()
    with pytest.raises(ActionRequired):
        await place.read(Configuration(enrichments=(Enrichment.MFA,)))


@pytest.mark.parametrize(
    "error",
    [RetryLater.soon("graph_busy", "Graph is busy."), SourceFault("read_incomplete", "Half.", "None.")],
)
async def test_who_is_in_a_group_is_never_guessed(error: TenantryError) -> None:
    """Without an answer the run does not go on: nobody's contact is to leave the scope because of it."""
    place = Asked("ada")
    place.tenant.add_group("Staff", "ada", object_id=GROUP)
    place.tenant.errors["members"] = error
    with pytest.raises(type(error)):
        await place.read(Configuration(scope=SELECTED))


async def test_a_selected_group_that_is_gone_fails_the_run_and_changes_nothing() -> None:
    """Its members would be out of scope: a technician has to say what is meant; the connection goes on."""
    world = World()
    customer, tenant = await world.connected("ada", "bob")
    tenant.add_group("Staff", "ada", object_id=GROUP)
    leaving = Configuration(scope=SELECTED, leavers=LeaverPolicy.DEACTIVATE, guard=UNGUARDED)
    await world.configure(customer, leaving)
    await world.sync(customer)
    before = world.contacts.contacts(customer.connection_id)
    place = await world.connection(customer)
    tenant.delete_group(GROUP)
    run: Run = await world.sync(customer)
    assert (run.state, run.error.code if run.error else "") == (RunState.FAILED, "scope_object_missing")
    assert GROUP in (run.error.title if run.error else "")
    assert world.contacts.contacts(customer.connection_id) == before
    after = await world.connection(customer)
    assert (after.state, after.delta_link, after.mirror) == (place.state, place.delta_link, place.mirror)
    tenant.add_group("Staff", "ada", object_id=GROUP)
    assert (await world.sync(customer)).state is RunState.SUCCEEDED


async def test_nested_groups_count() -> None:
    """And groups that are in each other end."""
    place = Asked("ada", "bob", "cyd")
    inner = place.tenant.add_group("Inner", "bob")
    place.tenant.add_group("Staff", "ada", inner, object_id=GROUP)
    place.tenant.groups[inner].members.add(GROUP)
    found = await place.read(Configuration(scope=SELECTED))
    assert found.group_members == frozenset({"ada", "bob"})


# Purposes of mailboxes.


async def test_only_mailboxes_of_members_are_asked_about() -> None:
    """A guest's is at home, and without an address there is none."""
    place = Asked("ada", "bob")
    place.tenant.hire("gus", user_type="Guest")
    place.tenant.hire("nil", mail=None)
    await place.read(Configuration(scope=BY_PURPOSE))
    assert place.purposes == [["ada", "bob"]]


@pytest.mark.parametrize(
    ("known", "touched", "expected"),
    [
        ({"ada": "user", "bob": "user"}, frozenset[str](), []),
        ({"ada": "user", "bob": "user"}, frozenset({"bob"}), [["bob"]]),
        ({"ada": "user"}, frozenset[str](), [["bob"]]),
        ({"ada": "user", "bob": "user"}, None, [["ada", "bob"]]),
        (None, frozenset[str](), [["ada", "bob"]]),
        ({"ada": "user", "bob": "user", "gone": "shared"}, frozenset({"gone"}), []),
    ],
)
async def test_what_is_known_is_not_asked_again(
    known: dict[str, str] | None, touched: frozenset[str] | None, expected: list[list[str]]
) -> None:
    """New mailboxes, changed ones, and after a full read all of them; nobody's who has left is kept."""
    place = Asked("ada", "bob")
    place.tenant.purposes["bob"] = "shared" if expected else "user"
    found = await place.read(Configuration(scope=BY_PURPOSE), known=known, touched=touched)
    assert place.purposes == expected
    assert found.purposes == {"ada": "user", "bob": place.tenant.purposes["bob"]}


async def test_without_an_answer_what_is_known_counts_and_the_rest_is_asked_next_time() -> None:
    """The gap is told; what the other accounts look like decides."""
    place = Asked("ada", "bob")
    place.tenant.revoke("MailboxSettings.Read")
    found = await place.read(Configuration(scope=BY_PURPOSE), known={"ada": "shared"}, touched=frozenset())
    assert found.purposes == {"ada": "shared"}
    assert [gap.enrichment for gap in found.gaps] == [MAILBOXES]
    place.tenant.errors.clear()
    found = await place.read(Configuration(scope=BY_PURPOSE), known=found.purposes, touched=frozenset())
    assert (place.purposes[-1], found.gaps) == (["bob"], ())


async def test_many_mailboxes_are_asked_about_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two parts the run says that it is alive; a part without an answer ends the asking."""
    monkeypatch.setattr(supplements, "_ASKED_AT_ONCE", 2)
    place = Asked("ada", "bob", "cyd", "dan", "eve")
    found = await place.read(Configuration(scope=BY_PURPOSE))
    assert place.purposes == [["ada", "bob"], ["cyd", "dan"], ["eve"]]
    assert (len(found.purposes or {}), place.alive) == (5, 3)
    place.purposes.clear()
    place.tenant.on_request = _fail_at(place.tenant.requests + 2)
    found = await place.read(Configuration(scope=BY_PURPOSE))
    assert place.purposes == [["ada", "bob"], ["cyd", "dan"]]
    assert (found.purposes, len(found.gaps)) == ({"ada": "user", "bob": "user"}, 1)


def _fail_at(request: int) -> Callable[[int], None]:
    def fail(number: int) -> None:
        if number == request:
            raise RetryLater.soon("graph_busy", "Graph is busy.")

    return fail


async def test_an_enrichment_that_fails_leaves_its_fields_and_no_others() -> None:
    """A contact keeps what was read before; where it can never be read again it says so."""
    world = World()
    customer, tenant = await world.connected("ada")
    await world.configure(customer, Configuration(enrichments=(Enrichment.ACTIVITY, Enrichment.MFA)))
    tenant.registrations["ada"] = Registration(capable=True)
    tenant.activity["ada"] = date(2026, 3, 1)
    await world.sync(customer)

    runs: list[Run] = []

    async def fields() -> tuple[str, str, str]:
        runs.append(await world.sync(customer))
        assert runs[-1].state is RunState.SUCCEEDED
        (contact,) = world.contacts.contacts(customer.connection_id)
        return contact.fields.mfa_status, contact.fields.last_activity, contact.fields.job_title

    assert await fields() == ("enabled", "2026-03-01", "")
    tenant.revoke("AuditLog.Read.All")
    tenant.conceal_names()
    tenant.registrations.clear()
    tenant.change("ada", job_title="Engineer")
    assert await fields() == ("enabled", "2026-03-01", "Engineer")
    tenant.lose_premium()
    assert await fields() == ("unknown", "2026-03-01", "Engineer")
    assert sorted(gap.enrichment for gap in runs[-1].gaps) == ["activity", "mfa"]
    report = await world.reports.get(customer.account_id, customer.connection_id)
    assert report is not None
    assert report.gaps == runs[-1].gaps
