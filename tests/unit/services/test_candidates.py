"""Which contacts a person of the review queue could be."""

from shared.core.customer import Customer
from shared.core.models import ContactFields
from shared.core.reviews import Review
from tests.fakes import World


async def asked(world: World, customer: Customer, person: str, contact_id: str | None = None) -> list[str]:
    """The candidates in order, by id."""
    review = Review(person, "Name", "match.odd", "run", world.clock.now(), contact_id=contact_id)
    found = await world.app.candidates.of(await world.connection(customer), [review])
    return [contact.id for contact in found[person].contacts]


async def test_a_contact_is_a_candidate_by_any_address_of_the_person() -> None:
    """Their mail, the name they sign in with, or an alias, in any spelling; nothing else is."""
    world = World()
    customer, tenant = await world.connected("ann")
    tenant.change("ann", mail="Ann@Contoso.example", aliases=("old@contoso.example",))
    await world.sync(customer)
    mine = next(each.id for each in world.contacts.contacts(customer.connection_id))
    for contact_id, email in [
        ("c-alias", "OLD@contoso.example"),
        ("c-mail", "ann@contoso.EXAMPLE"),
        ("c-other", "bob@contoso.example"),
        ("c-none", ""),
    ]:
        world.contacts.add_by_hand(customer.connection_id, ContactFields(email=email), contact_id)
    assert await asked(world, customer, "ann") == ["c-alias", "c-mail", mine]


async def test_the_contact_in_question_is_a_candidate_whatever_its_address() -> None:
    """Also of somebody whom the directory does not have any more."""
    world = World()
    customer, _ = await world.connected("ann")
    world.contacts.add_by_hand(customer.connection_id, ContactFields(email="x@example.com"), "c-1")
    assert await asked(world, customer, "gone", "c-1") == ["c-1"]
    assert await asked(world, customer, "gone", "c-2") == []


async def test_no_candidates_are_looked_for_when_nobody_waits() -> None:
    """It would read every contact for nothing."""
    world = World()
    customer, _ = await world.connected("ann")
    assert await world.app.candidates.of(await world.connection(customer), []) == {}
