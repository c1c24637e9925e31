"""An account's PSA: its key is tested before it is kept, and its customers come by themselves."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from sandbox.simulators.faults import Fault
from shared.core.account_destination import AccountDestination, DestinationKind
from shared.core.customer import ProposedTenant, Site
from shared.core.errors import Conflict, DestinationRefused, Refused, RetryLater
from shared.core.messages import ImportMessage
from shared.core.run import RunState
from tests.fakes import ACCOUNT
from tests.psa.places import COMPANY, AteraPsa, Place, SyncroPsa

OTHER_TENANT = "7e4a47e4-0000-4000-8000-0000000000ff"


async def imported(there: Place) -> dict[str, object]:
    there.world.clock.advance(timedelta(minutes=20))  # so that nobody shares a look of before
    await there.world.app.account_setup.begin_import(ACCOUNT)
    await there.world.drain()
    page = await there.world.customers.list(ACCOUNT, 1000)
    return {customer.name: customer for customer in page.items}


def another_account(there: Place) -> tuple[str, str | None]:
    """A key and the subdomain of somebody else's account in the same PSA."""
    if isinstance(there.psa, AteraPsa):
        return there.psa.service.add_account("Another MSP").add_key(), None
    assert isinstance(there.psa, SyncroPsa)
    account = there.psa.service.add_account("another-msp", name="Another MSP")
    return account.add_token(), "another-msp"


async def test_the_account_says_whose_it_is(there: Place) -> None:
    """By the name that people know it by; the key is nowhere but in the vault."""
    destination = await there.world.app.account_setup.get(ACCOUNT)
    assert destination.kind is there.psa.kind
    assert destination.name == (COMPANY if isinstance(there.psa, AteraPsa) else there.psa.subdomain)
    assert destination.problem is None
    assert destination.secret_name is not None
    assert await there.world.secrets.get(destination.secret_name) == there.key
    assert there.key not in str(destination)


async def test_customers_come_with_what_the_psa_knows_of_them(there: Place) -> None:
    """Name and domains; a customer that is renamed there is renamed here, and keeps its connection."""
    there.psa.add_customer("Fabrikam", "fabrikam.example")
    found = await imported(there)
    assert set(found) == {"Contoso", "Fabrikam"}
    fabrikam = found["Fabrikam"]
    assert fabrikam.domains == ("fabrikam.example",)  # type: ignore[attr-defined]
    again = await imported(there)
    assert again == found


async def test_many_customers_are_all_read(there: Place) -> None:
    """More than one page of them."""
    for number in range(230):
        there.psa.add_customer(f"Customer {number:03d}")
    found = await imported(there)
    assert len(found) == 231
    destination = await there.world.app.account_setup.get(ACCOUNT)
    assert (destination.customers, destination.importing_since) == (231, None)


async def test_a_tenant_is_proposed_for_the_domain_that_leads_to_it(there: Place) -> None:
    """Unless two customers have the domain; what nobody's tenant has leads nowhere."""
    for name, *domains in [
        ("Fabrikam", "fabrikam.example"),
        ("Nobody", "nobody.example"),
        ("One", "mail.example"),
        ("Two", "mail.example"),
    ]:
        there.psa.add_customer(name, *domains)
    there.world.tenants.domains |= {"fabrikam.example": OTHER_TENANT, "mail.example": OTHER_TENANT}
    found = await imported(there)
    proposed = {name: customer.proposed for name, customer in found.items()}  # type: ignore[attr-defined]
    assert proposed["Fabrikam"] == ProposedTenant(OTHER_TENANT, "fabrikam.example")
    assert [proposed[name] for name in ("Nobody", "One", "Two", "Contoso")] == [None] * 4
    assert "mail.example" not in there.world.tenants.asked
    there.world.tenants.asked.clear()
    await imported(there)
    assert "fabrikam.example" not in there.world.tenants.asked


async def test_contacts_tell_a_customers_domain_where_the_customer_does_not(there: Place) -> None:
    """The one that most of them have comes first."""
    fabrikam = there.psa.add_customer("Fabrikam")
    for number in range(3):
        there.psa.add(fabrikam, f"person-{number}@fabrikam.example")
    there.psa.add(fabrikam, "person@old.example")
    there.world.tenants.domains |= {"fabrikam.example": OTHER_TENANT}
    customer = (await imported(there))["Fabrikam"]
    assert customer.domains[0] == "fabrikam.example"  # type: ignore[attr-defined]
    assert customer.proposed == ProposedTenant(OTHER_TENANT, "fabrikam.example")  # type: ignore[attr-defined]


async def test_sites_are_departments_and_for_an_it_department_the_other_customers(there: Place) -> None:
    """Syncro's contacts have no sites."""
    other = there.psa.add_customer("Paris office")
    if isinstance(there.psa, SyncroPsa):
        assert (await imported(there))["Contoso"].sites == ()  # type: ignore[attr-defined]
        return
    department = there.atera.add_department("Sales")
    sales = Site(f"department:{department}", "Sales")
    assert (await imported(there))["Contoso"].sites == (sales,)  # type: ignore[attr-defined]
    there.atera.is_it_department = True
    sites = (await imported(there))["Contoso"].sites  # type: ignore[attr-defined]
    assert sites == (sales, Site(f"customer:{other}", "Paris office"))


async def test_an_import_goes_on_after_an_outage(there: Place) -> None:
    """It is put off, and asked for once."""
    there.faults.add(Fault(kind="status", path="customers", status=503, count=2))
    await there.world.app.account_setup.begin_import(ACCOUNT)
    await there.world.drain()
    assert (await there.world.app.account_setup.get(ACCOUNT)).importing_since is None
    assert (await there.world.app.account_setup.get(ACCOUNT)).imported_at is not None


async def test_an_import_that_is_not_let_in_says_why(there: Place) -> None:
    """On the account, where a technician looks."""
    there.psa.revoke(there.key)
    await there.world.app.account_setup.begin_import(ACCOUNT)
    await there.world.drain()
    destination = await there.world.app.account_setup.get(ACCOUNT)
    assert destination.problem is not None
    assert destination.problem.code == "destination_key_refused"
    assert destination.importing_since is None


async def test_of_two_imports_the_later_one_counts(there: Place) -> None:
    """A message that is late does nothing."""
    await there.world.app.account_setup.begin_import(ACCOUNT)
    there.world.clock.advance(timedelta(minutes=1))
    await there.world.app.account_setup.begin_import(ACCOUNT)
    there.calls.clear()
    late = ImportMessage(ACCOUNT, there.world.clock.now() - timedelta(minutes=1))
    await there.world.app.account_setup.import_customers(late)
    assert there.calls == []
    await there.world.drain()
    assert (await there.world.app.account_setup.get(ACCOUNT)).importing_since is None


async def test_the_built_in_destination_can_be_chosen_again(there: Place) -> None:
    """The key is deleted; contacts in the PSA stay as they are, and new ones are ours."""
    await there.synced()
    before = there.seen()
    name = (await there.world.app.account_setup.get(ACCOUNT)).secret_name
    assert name is not None
    await there.world.app.account_setup.choose(ACCOUNT, DestinationKind.BUILTIN)
    assert await there.world.secrets.get(name) is None
    there.calls.clear()
    run = await there.synced()
    assert (run.counts.created, there.calls) == (3, [])
    assert there.seen() == before
    assert len(there.world.contacts.contacts(there.customer.connection_id)) == 3
    with pytest.raises(Conflict):
        await there.world.app.account_setup.test(ACCOUNT)


async def test_coming_back_to_the_psa_finds_the_links_again(there: Place) -> None:
    """Nobody is adopted anew, and nobody is made twice."""
    await there.synced()
    await there.world.app.account_setup.choose(ACCOUNT, DestinationKind.BUILTIN)
    await there.world.app.account_setup.choose(ACCOUNT, there.psa.kind, there.key, there.psa.subdomain)
    await there.world.drain()
    run = await there.synced()
    assert (run.applied, run.counts.unchanged) == (0, 3)


async def test_links_of_one_psa_account_mean_nothing_in_another(there: Place) -> None:
    """Ids may be the same there and other people's."""
    await there.synced()
    key, subdomain = another_account(there)
    await there.world.app.account_setup.choose(ACCOUNT, there.psa.kind, key, subdomain)
    contacts = await there.world.app.contacts.of(ACCOUNT)
    assert (await contacts.list(there.customer.connection_id, 10)).items == ()


async def test_of_two_who_choose_at_once_one_is_told_and_no_key_gets_to_the_others_psa(
    there: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vault holds the key of the account that was chosen, and no other."""
    setup, secrets = there.world.app.account_setup, there.world.secrets
    key, subdomain = another_account(there)
    keep = secrets.set

    async def after_somebody_else(name: str, value: str) -> None:
        monkeypatch.undo()
        await setup.choose(ACCOUNT, there.psa.kind, key, subdomain)
        await keep(name, value)

    monkeypatch.setattr(secrets, "set", after_somebody_else)
    with pytest.raises(Conflict):
        await setup.choose(ACCOUNT, there.psa.kind, there.key, there.psa.subdomain)
    chosen = await setup.get(ACCOUNT)
    assert chosen.subdomain == subdomain
    assert await secrets.get(chosen.secret_name or "") == key
    assert there.key not in secrets.values.values()


async def test_a_run_that_begins_while_the_key_is_replaced_takes_the_new_one(
    there: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it read of the account leads to a key that is gone; that is nobody's fault and no failure."""
    setup, secrets = there.world.app.account_setup, there.world.secrets
    look_up = secrets.get

    async def after_the_key_is_replaced(name: str) -> str | None:
        if name != (await setup.get(ACCOUNT)).secret_name:
            return await look_up(name)
        monkeypatch.undo()
        await setup.choose(ACCOUNT, there.psa.kind, there.psa.new_key(), there.psa.subdomain)
        return await look_up(name)

    monkeypatch.setattr(secrets, "get", after_the_key_is_replaced)
    run = await there.synced()
    assert (run.state, run.counts.created) == (RunState.SUCCEEDED, 3)
    assert (await setup.get(ACCOUNT)).problem is None


@pytest.mark.parametrize("key", ["", "  ", "line\nbreak", "ключ", "x" * 5000])
async def test_what_can_be_no_key_is_refused_before_it_is_sent(there: Place, key: str) -> None:
    """Least of all to somebody else."""
    there.calls.clear()
    with pytest.raises(Refused) as refused:
        await there.world.app.account_setup.choose(ACCOUNT, there.psa.kind, key, there.psa.subdomain)
    assert refused.value.code == "destination_key_needed"
    assert there.calls == []


async def test_testing_the_key_tells_what_is_wrong_and_forgets_it_when_it_is_right(there: Place) -> None:
    """Without waiting for a sync."""
    setup = there.world.app.account_setup
    there.psa.revoke(there.key)
    with pytest.raises(DestinationRefused):
        await setup.test(ACCOUNT)
    assert (await setup.get(ACCOUNT)).problem is not None
    name = (await setup.get(ACCOUNT)).secret_name
    assert name is not None
    await there.world.secrets.set(name, there.psa.new_key())
    tested = await setup.test(ACCOUNT)
    assert (tested.problem, tested.tested_at) == (None, there.world.clock.now())


async def test_a_psa_that_does_not_answer_is_no_wrong_key(there: Place) -> None:
    """Nothing is kept, and nothing is blamed."""
    there.faults.add(Fault(kind="status", path="/api/v", status=502, body="<html>Bad gateway</html>"))
    before = await there.world.app.account_setup.get(ACCOUNT)
    with pytest.raises(RetryLater):
        await there.world.app.account_setup.choose(
            ACCOUNT, there.psa.kind, there.psa.new_key(), there.psa.subdomain
        )
    assert await there.world.app.account_setup.get(ACCOUNT) == before


async def test_nothing_that_is_logged_has_a_key_or_a_person_in_it(
    there: Place, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever happens: an import, a sync, a refusal, an outage."""
    caplog.set_level(logging.DEBUG, logger="tenantry")
    caplog.set_level(logging.INFO)
    there.faults.add(Fault(kind="status", path="/api/v", skip=4, status=500))
    await there.synced()
    there.psa.revoke(there.key)
    await there.sync()
    with pytest.raises(DestinationRefused):
        await there.world.app.account_setup.test(ACCOUNT)
    text = caplog.text
    for secret in (there.key, there.key[-24:], "ada@contoso.example", "Person ada"):
        assert secret not in text


async def test_an_account_without_a_psa_has_the_built_in_destination(there: Place) -> None:
    """As every account begins."""
    assert await there.world.app.account_setup.get("another account") == AccountDestination()
