"""What the seeded world promises to every test and demonstration that uses it."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from sandbox.world.hostile import HOSTILE_DISPLAY_NAMES
from sandbox.world.model import PRIVILEGED_ROLE_ADMINISTRATOR, Tenant, User, World
from sandbox.world.names import NAMES
from sandbox.world.seed import (
    CUSTOMERS,
    OPERATOR_TENANT_ID,
    OPTIONAL_APP_ROLES,
    REQUIRED_APP_ROLES,
    SERVICE_CLIENT_ID,
    Scale,
    build_world,
    customer_tenant,
)
from sandbox.world.skus import PRODUCTS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def world() -> World:
    return build_world()


def fingerprint(world: World) -> str:
    content = [
        [
            tenant.id,
            tenant.display_name,
            tenant.domains,
            [[user.properties, sorted(user.directory_roles), user.purpose] for user in tenant.users.values()],
            [[group.properties, group.member_ids] for group in tenant.groups.values()],
            [[sku.sku_id, sku.units] for sku in tenant.subscribed_skus],
        ]
        for tenant in world.tenants.values()
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def test_the_seed_decides_everything() -> None:
    """Another process with other hash randomisation builds the same world; another seed another one."""
    code = "from tests.sandbox.test_world_seed import *; print(fingerprint(build_world(7, 'small')))"
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for hash_seed in ("1", "2")
    }
    assert printed == {fingerprint(build_world(7, "small"))}
    assert printed != {fingerprint(build_world(8, "small"))}


@pytest.mark.parametrize("scale", ["full", "small"])
def test_tenants_have_their_size(scale: Scale) -> None:
    """The number of accounts is the one that the customer's line says, and those invited across tenants."""
    built = build_world(scale=scale)
    invited = {"contoso": 1, "alder": 1}
    sizes = {customer.key: len(customer_tenant(built, customer.key).users) for customer in CUSTOMERS}
    assert sizes == {
        customer.key: customer.users[scale] + invited.get(customer.key, 0) for customer in CUSTOMERS
    }


def test_the_sizes_that_tests_need_are_there(world: World) -> None:
    """One page, many pages, more than ten pages, and more groups than a page holds."""
    assert len(customer_tenant(world, "harbour").users) == 3
    assert len(customer_tenant(world, "northmoor").users) > 999
    assert len(customer_tenant(world, "meridian").users) == 12_000
    assert len(customer_tenant(world, "kosmopolis").groups) > 999


def test_every_tenant_has_an_administrator_who_signs_in_as_admin(world: World) -> None:
    """The first Global Administrator is enabled; somewhere there is a Privileged Role Administrator."""
    for tenant in world.tenants.values():
        assert tenant.admin.user_principal_name == f"admin@{tenant.domains[0]}"
        assert tenant.admin.enabled
        assert any(not user.directory_roles and user.enabled for user in tenant.users.values())
    roles = {role for user in all_users(world) for role in user.directory_roles}
    assert PRIVILEGED_ROLE_ADMINISTRATOR in roles


def test_the_service_is_registered_with_its_operator_and_nowhere_consented_to(world: World) -> None:
    """No secret is seeded, and no customer has consented."""
    application = world.applications[SERVICE_CLIENT_ID]
    assert application.home_tenant_id == OPERATOR_TENANT_ID
    assert application.secrets == set()
    assert application.required_app_roles
    assert OPERATOR_TENANT_ID not in {customer.tenant_id for customer in CUSTOMERS}
    for customer in CUSTOMERS:
        assert not world.tenants[customer.tenant_id].service_principals


def test_all_domains_are_reserved_for_examples(world: World) -> None:
    """Nothing in the world can be mistaken for, or send mail to, anybody who exists."""
    for tenant in world.tenants.values():
        assert sum(domain.endswith(".onmicrosoft.com") for domain in tenant.domains) == 1
        for domain in tenant.domains:
            assert domain.endswith((".example", ".onmicrosoft.com"))
    for user in all_users(world):
        assert (user.mail or "nobody@a.example").casefold().endswith((".example", ".onmicrosoft.com"))
        assert user.user_principal_name.casefold().endswith((".example", ".onmicrosoft.com"))


def test_directory_limits_are_kept(world: World) -> None:
    """Names have at most the length a directory allows, and nothing has a NUL or is empty."""
    limits = {"displayName": 256, "givenName": 64, "surname": 64, "jobTitle": 128, "department": 64}
    for user in all_users(world):
        for name, limit in limits.items():
            value = user.properties.get(name)
            assert value is None or 0 < len(value) <= limit
        assert "\0" not in json.dumps(user.properties)
        assert None not in user.properties.values()
        assert len(user.user_principal_name.partition("@")[0]) <= 64 or user.is_guest


def test_every_writing_system_is_spoken(world: World) -> None:
    """Each name list occurs among the people of Kosmopolis."""
    tenant = customer_tenant(world, "kosmopolis")
    surnames = {user.properties.get("surname") for user in tenant.users.values()}
    for writing, names in NAMES.items():
        assert surnames & {name.written for name in names.family}, writing


def test_uncomfortable_people_are_hired(world: World) -> None:
    """Every hostile display name, both normal forms of one name, and addresses that look alike."""
    tenant = customer_tenant(world, "kosmopolis")
    display_names = {user.display_name for user in tenant.users.values()}
    shown = set(HOSTILE_DISPLAY_NAMES.values()) - {HOSTILE_DISPLAY_NAMES["longest"]}
    assert shown <= display_names
    assert max(map(len, display_names)) == 256
    composed = unicodedata.normalize("NFC", "Zoë Ångström")
    assert {composed, unicodedata.normalize("NFD", composed)} <= display_names
    mails = [user.mail for user in tenant.users.values() if user.mail]
    assert len(mails) > len({mail.casefold() for mail in mails}) + 1
    assert any("+" in mail for mail in mails)
    assert any("'" in user.user_principal_name for user in tenant.users.values())


def test_every_sort_of_account_exists(world: World) -> None:
    """Guests with and without mail, mailboxes of every purpose, disabled, unlicensed and mailless people."""
    users = all_users(world)
    guests = [user for user in users if user.is_guest]
    assert {bool(guest.mail) for guest in guests} == {True, False}
    assert all("#EXT#@" in guest.user_principal_name for guest in guests)
    assert any(guest.home_tenant_id for guest in guests)
    assert {user.purpose for user in users} == {"user", "shared", "room", "equipment"}
    for user in users:
        if user.purpose != "user":
            assert user.mail
            assert user.properties["assignedLicenses"] == []
            assert not {"givenName", "surname"} & set(user.properties)
    open_to_sign_in = {user.user_principal_name for user in users if user.purpose != "user" and user.enabled}
    assert open_to_sign_in == {
        "careers@alderfinch.example",
        "buero@kosmopolis.example",
        "kaigi@kosmopolis.example",
    }
    members = [user for user in users if user.purpose == "user" and not user.is_guest]
    assert {user.enabled for user in members} == {True, False}
    assert {bool(user.properties["assignedLicenses"]) for user in members} == {True, False}
    assert {bool(user.mail) for user in members} == {True, False}
    assert {"jobTitle" in user.properties for user in members} == {True, False}


def test_licences_in_use_were_bought(world: World) -> None:
    """Every assigned product is subscribed to with enough units, under its published id."""
    for tenant in world.tenants.values():
        if tenant.id == OPERATOR_TENANT_ID:
            continue
        units = {sku.sku_id: sku.units for sku in tenant.subscribed_skus}
        assert units
        for sku_id, bought in units.items():
            assert sku_id in PRODUCTS
            assert assigned(tenant, sku_id) <= bought
        for user in tenant.users.values():
            assert {licence["skuId"] for licence in user.properties["assignedLicenses"]} <= set(units)


def test_groups_nest_and_contain_each_other(world: World) -> None:
    """There is a chain, a pair that contain each other, and one that contains itself."""
    tenant = customer_tenant(world, "kosmopolis")
    by_name = {group.display_name: group for group in tenant.groups.values()}
    heads, tails = by_name["Cycle: heads"], by_name["Cycle: tails"]
    assert heads.id in tails.member_ids
    assert tails.id in heads.member_ids
    itself = by_name["Cycle: itself"]
    assert itself.id in itself.member_ids
    assert by_name["Level 5"].id in by_name["Level 4"].member_ids
    for group in tenant.groups.values():
        assert all(member in tenant.users or member in tenant.groups for member in group.member_ids)


def test_an_office_has_groups_in_a_circle_below_another(world: World) -> None:
    """At Alder & Finch two groups contain each other, and a third contains one of them."""
    groups = {group.display_name: group for group in customer_tenant(world, "alder").groups.values()}
    board, reviewers = groups["Design board"], groups["Design reviewers"]
    assert board.id in reviewers.member_ids
    assert reviewers.id in board.member_ids
    assert groups["Design"].member_ids == [board.id]
    assert set(board.member_ids) ^ set(reviewers.member_ids) > {board.id, reviewers.id}


def test_some_customers_pay_for_more_than_they_use(world: World) -> None:
    """Seats are left over everywhere but at Harbour Lane; at Kosmopolis a product is not used at all."""
    unused = {
        customer.key: [
            sku.units - assigned(world.tenants[customer.tenant_id], sku.sku_id)
            for sku in world.tenants[customer.tenant_id].subscribed_skus
        ]
        for customer in CUSTOMERS
    }
    assert set(unused.pop("harbour")) == {0}
    assert {left for seats in unused.values() for left in seats} == {5}
    kosmopolis = customer_tenant(world, "kosmopolis")
    assert any(assigned(kosmopolis, sku.sku_id) == 0 for sku in kosmopolis.subscribed_skus)


def test_a_few_people_have_former_addresses(world: World) -> None:
    """An alias on the customer's own domain, which is nobody's name; the first address is the mail."""
    for key in ("contoso", "alder", "northmoor", "quince"):
        tenant = customer_tenant(world, key)
        names = {user.user_principal_name.casefold() for user in tenant.users.values()}
        aliases = [
            address.removeprefix("smtp:")
            for user in tenant.users.values()
            for address in user.properties.get("proxyAddresses", ())
            if address.startswith("smtp:") and address.endswith(f"@{tenant.domains[0]}")
        ]
        assert 0 < len(aliases) < len(tenant.users) / 5
        assert len(set(aliases)) == len(aliases)
        assert names.isdisjoint(alias.casefold() for alias in aliases)
    for user in all_users(world):
        if addresses := user.properties.get("proxyAddresses"):
            assert [address for address in addresses if address.startswith("SMTP:")] == [addresses[0]]
    kinds = {
        a.partition(":")[0] for user in all_users(world) for a in user.properties.get("proxyAddresses", ())
    }
    assert kinds == {"SMTP", "smtp", "sip", "x500"}


def test_enrichments_are_never_asked_for() -> None:
    """What is optional is not required, and no registration requires it."""
    assert OPTIONAL_APP_ROLES.isdisjoint(REQUIRED_APP_ROLES)
    application = build_world(scale="small").applications[SERVICE_CLIENT_ID]
    assert application.required_app_roles == REQUIRED_APP_ROLES


def all_users(world: World) -> list[User]:
    return [user for tenant in world.tenants.values() for user in tenant.users.values()]


def assigned(tenant: Tenant, sku_id: str) -> int:
    return sum(
        licence["skuId"] == sku_id
        for user in tenant.users.values()
        for licence in user.properties["assignedLicenses"]
    )
