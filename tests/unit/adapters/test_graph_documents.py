"""Answers of Microsoft Graph, decoded."""

from __future__ import annotations

from typing import Any, get_type_hints

import msgspec
import pytest

from shared.adapters.graph import documents
from shared.core.models import DirectoryUser, RemovalReason


def page(*users: dict[str, Any], **more: Any) -> documents.UsersDocument:
    return documents.users(msgspec.json.encode({"@odata.context": "x", **more, "value": list(users)}))


FULL = {
    "id": "1",
    "userPrincipalName": "adele@contoso.example",
    "mail": "adele.vance@contoso.example",
    "displayName": "Adele Vance",
    "givenName": "Adele",
    "surname": "Vance",
    "jobTitle": "Retail Manager",
    "department": "Retail",
    "officeLocation": "18/2111",
    "companyName": "Contoso",
    "mobilePhone": "+1 425 555 0109",
    "businessPhones": ["+1 425 555 0100", "+1 425 555 0101"],
    "streetAddress": "1 Example Way",
    "city": "Redmond",
    "state": "WA",
    "postalCode": "98052",
    "country": "US",
    "userType": "Member",
    "accountEnabled": True,
    "proxyAddresses": ["SMTP:adele.vance@contoso.example", "smtp:adele@contoso.example"],
    "assignedLicenses": [{"skuId": "CBDC14AB-D96C-4C30-B9F4-6ADA7CDC1D46", "disabledPlans": []}],
}


def test_a_user_is_read_with_every_field() -> None:
    """Each in its place; of the business phones the first."""
    (user,) = page(FULL).page.users
    kept = FULL | {
        "businessPhones": "+1 425 555 0100",
        "proxyAddresses": ("adele@contoso.example",),
        "assignedLicenses": ("cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46",),
    }
    assert list(msgspec.structs.astuple(user)) == list(kept.values())
    assert documents.user(msgspec.json.encode(FULL)) == user


def test_everything_that_is_kept_is_asked_for() -> None:
    """Graph sends only what `$select` names."""
    assert documents.USER_SELECT.split(",") == list(FULL)
    assert len(get_type_hints(DirectoryUser)) == len(FULL)


def test_never_set_and_set_to_null_are_the_same() -> None:
    """A delta leaves out what never had a value and sends null for what was cleared."""
    nothing = page({"id": "1"}).page.users
    cleared = page(dict.fromkeys(FULL) | {"id": "1"}).page.users
    assert nothing == cleared == (DirectoryUser("1"),)


ALIASES: dict[str, tuple[str | None, list[str] | None, tuple[str, ...]]] = {
    "none": ("adele@contoso.example", None, ()),
    "an empty list": ("adele@contoso.example", [], ()),
    "only the own": ("Adele@Contoso.example", ["SMTP:adele@contoso.example"], ()),
    "in any case, once, in order": (
        "adele@contoso.example",
        [
            "smtp:Z@contoso.example",
            "SMTP:adele@contoso.example",
            "Smtp:a@contoso.example",
            "smtp:z@CONTOSO.example",
        ],
        ("a@contoso.example", "z@contoso.example"),
    ),
    "other kinds": (
        "adele@contoso.example",
        [
            "sip:adele@contoso.example",
            "x500:/o=Contoso/cn=adele",
            "SPO:SPO_1@SPO_2",
            "adele.v@contoso.example",
        ],
        (),
    ),
    "without mail": (None, ["SMTP:adele@contoso.example"], ("adele@contoso.example",)),
    "a domain of other letters": (
        "adele@contoso.example",
        ["smtp:adele@bücher.example", "smtp:adele@xn--bcher-kva.example"],
        ("adele@xn--bcher-kva.example",),
    ),
    "no address at all": ("adele@contoso.example", ["smtp:", "smtp: ", "smtp", ""], ()),
}


@pytest.mark.parametrize("case", ALIASES)
def test_aliases_are_the_other_addresses_that_mail_reaches(case: str) -> None:
    """Comparable with each other, each once, in order, without the address in `mail`."""
    mail, proxies, aliases = ALIASES[case]
    (user,) = page({"id": "1", "mail": mail, "proxyAddresses": proxies}).page.users
    assert user.aliases == aliases


def test_licences_are_skus_in_order() -> None:
    """Lower case, each once, however they come."""
    (user,) = page({"id": "1", "assignedLicenses": [{"skuId": sku} for sku in ("B2", "a1", "b2")]}).page.users
    assert user.licences == ("a1", "b2")


def test_what_users_have_in_common_is_kept_once() -> None:
    """A run holds a hundred thousand of them."""
    common = {"department": "A department", "city": "A city", "assignedLicenses": [{"skuId": "S-1"}]}
    one, other = page({"id": "1", **common}, {"id": "2", **common}).page.users
    assert one.department is other.department
    assert one.city is other.city
    assert one.licences is other.licences


@pytest.mark.parametrize("phones", [[], None])
def test_no_business_phone_is_none(phones: list[str] | None) -> None:
    """An empty list is how Graph says it."""
    (user,) = page({"id": "1", "businessPhones": phones}).page.users
    assert user.business_phone is None


@pytest.mark.parametrize("enabled", [True, False, None])
def test_whether_an_account_is_enabled_is_kept_apart_from_not_known(enabled: bool | None) -> None:
    """Blocked is not the same as not said."""
    (user,) = page({"id": "1", "accountEnabled": enabled}).page.users
    assert user.enabled is enabled


@pytest.mark.parametrize(
    ("reason", "ours"),
    [
        ("changed", RemovalReason.SOFT_DELETED),
        ("deleted", RemovalReason.HARD_DELETED),
        ("something new", RemovalReason.HARD_DELETED),
    ],
)
def test_a_removal_says_which(reason: str, ours: RemovalReason) -> None:
    """`changed` can be undone, `deleted` cannot."""
    found = page({"id": "1", "@removed": {"reason": reason}}).page
    assert (found.users, found.removed) == ((), (("1", ours),))


def test_a_removal_without_a_reason_is_final() -> None:
    """Nothing better is known."""
    assert page({"id": "1", "@removed": {}}).page.removed == (("1", RemovalReason.HARD_DELETED),)


def test_of_an_object_that_comes_twice_the_last_counts() -> None:
    """In whatever form it comes, it is on the page once."""
    there, gone = {"id": "1", "displayName": "Back"}, {"id": "1", "@removed": {"reason": "changed"}}
    assert page(gone, there).page == page(there).page
    assert page(there, gone).page == page(gone).page
    renamed = page({"id": "1", "displayName": "Old"}, {"id": "2"}, {"id": "1", "displayName": "New"}).page
    assert {user.id: user.display_name for user in renamed.users} == {"1": "New", "2": None}
    assert len(renamed.users) == 2


def test_links_are_told_apart() -> None:
    """A page leads to the next one, or is the last of a delta."""
    first = page(**{"@odata.nextLink": "https://graph.invalid/next"})
    last = page(**{"@odata.deltaLink": "https://graph.invalid/delta"})
    assert (first.next_link, first.delta_link) == ("https://graph.invalid/next", None)
    assert (last.next_link, last.delta_link) == (None, "https://graph.invalid/delta")
    assert page().page.users == ()


def test_what_we_do_not_know_is_left_out() -> None:
    """Graph adds properties without asking."""
    assert page({"id": "1", "somethingNew": {"a": [1]}}, somethingElse=1).page.users == (DirectoryUser("1"),)


@pytest.mark.parametrize("length", [1, 20, 60])
def test_a_page_that_is_cut_off_is_no_page(length: int) -> None:
    """However much of it there is."""
    whole = msgspec.json.encode({"value": [FULL]})
    with pytest.raises(documents.UNREADABLE):
        documents.users(whole[:-length])


@pytest.mark.parametrize(
    "body",
    [
        b'{"value": [{"id": "1", "displayName": "\xff\xfe"}]}',
        b'{"value": [], "deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=["no UTF-8", "no end"],
)
def test_a_page_that_nobody_can_read_is_no_page(body: bytes) -> None:
    """Half a character is not guessed at, and nobody goes down a well; as an error it has no code."""
    with pytest.raises(documents.UNREADABLE):
        documents.users(body)
    assert documents.error_code(body) == ""


def test_an_organization_is_named_by_its_default_domain() -> None:
    """Wherever it is in the list; the id in lower case."""
    domains = [{"name": "contoso.onmicrosoft.com"}, {"name": "contoso.example", "isDefault": True}]
    found = {"id": "A3C8F6D2-1B7E-4C39", "displayName": "Contoso", "verifiedDomains": domains}
    body = msgspec.json.encode({"value": [found]})
    assert documents.organization(body) == ("a3c8f6d2-1b7e-4c39", "Contoso", "contoso.example")


def test_an_organization_may_lack_name_and_domains() -> None:
    """Then they are blank; without an organization there is none."""
    assert documents.organization(b'{"value": [{"id": "x", "displayName": null}]}') == ("x", "", "")
    assert documents.organization(b'{"value": []}') is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"error": {"code": "syncStateNotFound", "message": "m", "innerError": {}}}', "syncStateNotFound"),
        (b'{"error": {}}', ""),
        (b'{"error": "text"}', ""),
        (b'{"error": {"code": 7}}', ""),
        (b"<html></html>", ""),
        (b"", ""),
    ],
)
def test_an_error_is_known_by_its_code(body: bytes, code: str) -> None:
    """A body that is none of Graph's has none."""
    assert documents.error_code(body) == code
