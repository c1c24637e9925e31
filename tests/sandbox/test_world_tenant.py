"""How a tenant's directory changes, and what its change log says about it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sandbox.world.model import (
    GLOBAL_ADMINISTRATOR,
    Application,
    DirectoryConflict,
    Tenant,
    World,
)


@pytest.fixture
def tenant() -> Tenant:
    return Tenant(
        "AAAAAAAA-0000-4000-8000-000000000001",
        "Teashop",
        ["teashop.example", "teashop.onmicrosoft.com"],
        datetime(2020, 1, 1, tzinfo=UTC),
    )


@pytest.fixture
def world(tenant: Tenant) -> World:
    world = World(clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    world.add_tenant(tenant)
    return world


def test_every_mutation_is_logged_in_order(tenant: Tenant) -> None:
    """Sequence numbers rise by one and say what was written."""
    user = tenant.hire(userPrincipalName="ann@teashop.example", displayName="Ann")
    tenant.update_user(user.id, jobTitle="Brewer", mail=None)
    tenant.disable(user.id)
    tenant.delete_user(user.id)
    tenant.restore_user(user.id)
    tenant.purge_user(user.id)
    changes = tenant.change_log.since(0)
    assert [change.sequence for change in changes] == [1, 2, 3, 4, 5, 6, 7]
    assert [change.kind for change in changes] == [
        "created",
        "updated",
        "updated",
        "soft_deleted",
        "restored",
        "soft_deleted",
        "purged",
    ]
    assert changes[1].properties == {"jobTitle", "mail"}
    assert changes[2].properties == {"accountEnabled"}
    assert [change.kind for change in tenant.change_log.since(3, 5)] == ["soft_deleted", "restored"]


def test_writing_what_is_there_is_no_change(tenant: Tenant) -> None:
    """A PATCH that changes nothing leaves the log alone; clearing what was never set does not."""
    user = tenant.hire(userPrincipalName="ann@teashop.example", displayName="Ann", city="Leeds")
    head = tenant.change_log.head
    tenant.update_user(user.id, city="Leeds")
    assert tenant.change_log.head == head
    tenant.update_user(user.id, state=None)
    assert tenant.change_log.head == head + 1
    assert user.properties["state"] is None


def test_a_user_principal_name_belongs_to_one_user_at_a_time(tenant: Tenant) -> None:
    """Case does not matter; a deleted or renamed user frees the name, which may stop a restore."""
    ann = tenant.hire(userPrincipalName="ann@teashop.example", displayName="Ann")
    with pytest.raises(DirectoryConflict):
        tenant.hire(userPrincipalName="ANN@teashop.example", displayName="Another")
    bob = tenant.hire(userPrincipalName="bob@teashop.example", displayName="Bob")
    with pytest.raises(DirectoryConflict):
        tenant.update_user(bob.id, userPrincipalName="Ann@teashop.example")
    assert tenant.user_by_upn("bob@teashop.example") is bob
    tenant.update_user(ann.id, userPrincipalName="anna@teashop.example")
    assert tenant.user_by_upn("ann@teashop.example") is None
    tenant.delete_user(bob.id)
    tenant.hire(userPrincipalName="bob@teashop.example", displayName="Second Bob")
    with pytest.raises(DirectoryConflict):
        tenant.restore_user(bob.id)
    assert bob.id in tenant.deleted_users


def test_a_change_of_case_alone_keeps_the_name(tenant: Tenant) -> None:
    """Renaming to the same name in other letters is allowed and still found."""
    ann = tenant.hire(userPrincipalName="ann@teashop.example", displayName="Ann")
    tenant.update_user(ann.id, userPrincipalName="Ann@Teashop.example")
    assert tenant.user_by_upn("ann@teashop.EXAMPLE") is ann


def test_an_object_id_is_for_life(tenant: Tenant) -> None:
    """Neither can it be changed nor used twice, not even by somebody in the deleted items."""
    ann = tenant.hire(userPrincipalName="ann@teashop.example", displayName="Ann")
    with pytest.raises(DirectoryConflict):
        tenant.update_user(ann.id, id="other")
    tenant.delete_user(ann.id)
    with pytest.raises(DirectoryConflict):
        tenant.hire(id=ann.id, userPrincipalName="new@teashop.example", displayName="New")


def test_a_purged_user_is_in_no_group(tenant: Tenant) -> None:
    """A deleted user keeps the memberships for a restore, a purged one loses them."""
    ann = tenant.hire(userPrincipalName="ann@teashop.example", displayName="Ann")
    group = tenant.add_group("Everybody", [ann.id, ann.id])
    assert group.member_ids == [ann.id]
    tenant.delete_user(ann.id)
    assert group.member_ids == [ann.id]
    tenant.purge_user(ann.id)
    assert group.member_ids == []
    assert not tenant.users
    assert not tenant.deleted_users


def test_a_restored_user_comes_last(tenant: Tenant) -> None:
    """Ordinals rise in the order of the users, so that a list can be paged by them."""
    first, _second = (
        tenant.hire(userPrincipalName=f"{name}@teashop.example", displayName=name) for name in ("ann", "bob")
    )
    tenant.delete_user(first.id)
    tenant.restore_user(first.id)
    ordinals = [user.ordinal for user in tenant.users.values()]
    assert ordinals == sorted(ordinals)
    assert list(tenant.users)[-1] == first.id


def test_consent_adds_permissions_and_can_be_withdrawn(tenant: Tenant) -> None:
    """Consenting again keeps what was granted and the principal's id; withdrawing removes everything."""
    first = tenant.grant_consent("app", ["User.Read.All"])
    again = tenant.grant_consent("app", ["Group.Read.All"], ["openid"])
    assert again is first
    assert again.app_roles == {"User.Read.All", "Group.Read.All"}
    assert again.scopes == {"openid"}
    tenant.withdraw_consent("app")
    tenant.withdraw_consent("app")
    assert tenant.grant_consent("app").app_roles == set()


def test_the_administrator_is_the_first_global_one(tenant: Tenant) -> None:
    """A tenant without one says so."""
    with pytest.raises(LookupError):
        _ = tenant.admin
    tenant.hire(userPrincipalName="a@teashop.example", displayName="A")
    boss = tenant.hire(
        userPrincipalName="b@teashop.example", displayName="B", directory_roles=[GLOBAL_ADMINISTRATOR]
    )
    assert tenant.admin is boss
    assert tenant.initial_domain == "teashop.onmicrosoft.com"


def test_people_sign_in_at_home_and_guests_where_they_are_guests(world: World, tenant: Tenant) -> None:
    """Without a tenant only home accounts are found; in a tenant, its guests answer to their home name."""
    other = world.add_tenant(
        Tenant(
            "aaaaaaaa-0000-4000-8000-000000000002",
            "Mill",
            ["mill.example", "mill.onmicrosoft.com"],
            datetime(2020, 1, 1, tzinfo=UTC),
        )
    )
    ann = tenant.hire(userPrincipalName="Ann@teashop.example", displayName="Ann")
    guest = other.hire(
        userPrincipalName="ann_teashop.example#EXT#@mill.onmicrosoft.com",
        displayName="Ann",
        userType="Guest",
        home_upn="ann@teashop.example",
    )
    assert world.find_sign_in("ann@TEASHOP.example") == (tenant, ann)
    assert world.find_sign_in("ANN@teashop.example", tenant_id=other.id.upper()) == (other, guest)
    assert world.find_sign_in("ann_teashop.example#EXT#@mill.onmicrosoft.com") is None
    assert world.find_sign_in("nobody@teashop.example") is None
    assert world.find_sign_in("ann@nowhere.example") is None
    tenant.deleted = True
    assert world.find_sign_in("ann@teashop.example") is None
    assert world.find_sign_in("ann@teashop.example", tenant_id=tenant.id) is None
    assert world.tenant_by_domain("Teashop.example") is None


def test_the_world_takes_its_time_from_its_clock(world: World) -> None:
    """A test can set the time."""
    assert world.now() == datetime(2026, 1, 1, tzinfo=UTC)
    assert World().now().tzinfo is UTC
    world.add_application(Application("app", "App", "home"))
    assert world.applications["app"].secrets == set()


def test_a_deleted_group_is_no_longer_a_member(tenant: Tenant) -> None:
    """Its own members stay; a second deletion has nothing to delete."""
    ann = tenant.hire(userPrincipalName="ann@teashop.example", displayName="Ann")
    inner = tenant.add_group("Inner", [ann.id])
    outer = tenant.add_group("Outer", [inner.id, ann.id])
    tenant.delete_group(inner.id)
    assert list(tenant.groups) == [outer.id]
    assert outer.member_ids == [ann.id]
    assert ann.id in tenant.users
    with pytest.raises(KeyError):
        tenant.delete_group(inner.id)


def test_members_join_and_leave_once(tenant: Tenant) -> None:
    """Joining twice is one membership; who is nobody, or no member, is refused and nothing changes."""
    ann, bob = (
        tenant.hire(userPrincipalName=f"{name}@teashop.example", displayName=name) for name in ("ann", "bob")
    )
    group = tenant.add_group("Team", [ann.id])
    tenant.add_members(group.id, bob.id, ann.id, group.id)
    assert group.member_ids == [ann.id, bob.id, group.id]
    with pytest.raises(KeyError):
        tenant.add_members(group.id, "nobody")
    tenant.remove_members(group.id, ann.id, group.id)
    assert group.member_ids == [bob.id]
    with pytest.raises(KeyError):
        tenant.remove_members(group.id, bob.id, ann.id)
    assert group.member_ids == [bob.id]


def test_a_group_may_be_renamed(tenant: Tenant) -> None:
    """But not become another one."""
    group = tenant.add_group("Team")
    assert tenant.update_group(group.id, displayName="Crew").display_name == "Crew"
    with pytest.raises(DirectoryConflict):
        tenant.update_group(group.id, id="another")
