"""Where an account's contacts live, and whose customers' domains are."""

from datetime import UTC, datetime

import pytest

from shared.core.account_destination import (
    AccountDestination,
    DestinationKind,
    key_missing,
    problem_of,
    telling_domains,
    usual_domains,
)
from shared.core.errors import Actor, DestinationRefused

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_contacts_live_with_us_where_nobody_chose() -> None:
    """Without a key, and with nothing the matter."""
    destination = AccountDestination()
    assert (destination.kind, destination.secret_name, destination.problem) == (
        DestinationKind.BUILTIN,
        None,
        None,
    )


@pytest.mark.parametrize("actor", list(Actor))
@pytest.mark.parametrize("closed", [True, False])
def test_a_refusal_is_kept_and_raised_again_as_it_was(actor: Actor, closed: bool) -> None:
    """Code, both sentences, who must act, and whether the key is closed."""
    refusal = DestinationRefused("some_code", "What.", "How.", actor, closed=closed)
    problem = problem_of(refusal, NOW)
    assert problem.since == NOW
    again = problem.error()
    for error in (refusal, again):
        found = (error.code, error.title, error.detail, error.actor, error.closed, str(error))
        assert found == ("some_code", "What.", "How.", actor, closed, "some_code: What.")


def test_an_account_without_its_key_is_closed() -> None:
    """Nothing is asked before somebody pastes a new one."""
    error = key_missing()
    assert (error.code, error.actor, error.closed) == ("destination_key_missing", Actor.TECHNICIAN, True)


@pytest.mark.parametrize(
    ("addresses", "domains"),
    [
        ([], ()),
        (["a@x.example", "b@y.example", "c@y.example"], ("y.example", "x.example")),
        (["a@X.Example", "b@x.example "], ("x.example",)),
        (["nobody", "", "a@x.example"], ("x.example",)),
        (["a@b@x.example"], ("x.example",)),
    ],
)
def test_the_usual_domains_are_those_of_most_addresses(
    addresses: list[str], domains: tuple[str, ...]
) -> None:
    """The commonest first, each once, in lower case."""
    assert usual_domains(addresses) == domains


@pytest.mark.parametrize("address", ["@", "a@", "a@ "])
def test_an_address_without_a_domain_names_none(address: str) -> None:
    """Nor is a blank one made of it."""
    assert usual_domains([address, "a@x.example"]) == ("x.example",)


def test_only_so_many_domains_of_a_customer_count() -> None:
    """Ten, the commonest."""
    addresses = [f"{each}@d{number:02}.example" for number in range(30) for each in range(30 - number)]
    assert usual_domains(addresses) == tuple(f"d{number:02}.example" for number in range(10))


def test_a_domain_that_two_customers_have_tells_neither() -> None:
    """As a mail provider's; one that a customer names twice is still its own."""
    domains = {
        "1": ["contoso.example", "mail.example", "contoso.example"],
        "2": ["mail.example"],
        "3": ["fabrikam.example", "fabrikam.ch.example"],
        "4": [],
    }
    assert telling_domains(domains) == {
        "1": ["contoso.example"],
        "2": [],
        "3": ["fabrikam.example", "fabrikam.ch.example"],
        "4": [],
    }
    assert telling_domains({}) == {}
