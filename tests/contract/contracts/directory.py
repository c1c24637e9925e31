"""What every DirectoryReader must do."""

import pytest

from shared.core.errors import ActionRequired, ResyncRequired
from shared.core.mirror import EMPTY, Snapshot, UserPage, folded, replaced
from shared.core.models import RemovalReason
from tests.contract.contracts.directory_extras import (
    EnrichmentsContract,
    GroupsContract,
    PermissionsContract,
    SingleUserContract,
)
from tests.contract.contracts.tenant import TenantUnderTest


class DirectoryContract(SingleUserContract, GroupsContract, EnrichmentsContract, PermissionsContract):
    """One tenant, read only."""

    @pytest.fixture
    def tenant(self) -> TenantUnderTest:
        raise NotImplementedError("the tenant under test; some people may be in it already")

    async def test_the_tenant_is_named(self, tenant: TenantUnderTest) -> None:
        """Id, name and default domain."""
        organization = await tenant.reader().organization()
        assert organization.id == tenant.tenant_id
        assert organization.display_name
        assert "." in organization.domain

    async def test_permissions_are_proven_by_using_them(self, tenant: TenantUnderTest) -> None:
        """With consent the proof passes, and it takes at least one request."""
        reader = tenant.reader()
        await reader.prove_permissions()
        assert reader.requests >= 1

    async def test_nothing_is_sent_before_it_is_asked_for(self, tenant: TenantUnderTest) -> None:
        """Opening a tenant is not yet reading it."""
        assert tenant.reader().requests == 0

    async def test_a_full_read_lists_everybody(self, tenant: TenantUnderTest) -> None:
        """More people than a page holds, each of them, with their properties."""
        hired = {tenant.hire(f"Person {number}"): f"Person {number}" for number in range(1_050)}
        tenant.set_job_title(next(iter(hired)), "Engineer")
        users = (await everybody(tenant)).users
        assert hired.items() <= {key: user.display_name for key, user in users.items()}.items()
        first = users[next(iter(hired))]
        assert (first.job_title, first.enabled) == ("Engineer", True)
        assert (first.user_type or "").lower() == "member"

    async def test_a_delta_tells_what_happened_since_the_link(self, tenant: TenantUnderTest) -> None:
        """New, changed, soft deleted and purged people; and who was left alone is not in the way."""
        same, changed, deleted, purged = (tenant.hire(name) for name in ("Same", "Ch", "De", "Pu"))
        tenant.delete(purged)
        link = await tenant.reader().latest_delta_link()
        before = await everybody(tenant)
        tenant.set_job_title(changed, "New title")
        tenant.delete(deleted)
        tenant.purge(purged)
        hired = tenant.hire("Hired")
        pages, _ = await delta(tenant, link)
        after = folded(before, pages)
        assert after.users == (await everybody(tenant)).users
        assert after.users[changed].job_title == "New title"
        assert after.users[same] == before.users[same]
        assert hired in after.users
        assert after.departed == {deleted: RemovalReason.SOFT_DELETED}

    async def test_a_purge_is_told_from_a_deletion(self, tenant: TenantUnderTest) -> None:
        """Somebody who is gone for good is told so."""
        person = tenant.hire("Gone")
        link = await tenant.reader().latest_delta_link()
        before = await everybody(tenant)
        tenant.delete(person)
        tenant.purge(person)
        pages, _ = await delta(tenant, link)
        assert folded(before, pages).departed == {person: RemovalReason.HARD_DELETED}

    async def test_somebody_restored_is_there_again(self, tenant: TenantUnderTest) -> None:
        """Whole, as if never away."""
        person = tenant.hire("Back")
        tenant.set_job_title(person, "Engineer")
        tenant.delete(person)
        link = await tenant.reader().latest_delta_link()
        before = await everybody(tenant)
        tenant.restore(person)
        pages, _ = await delta(tenant, link)
        after = folded(before, pages)
        assert after.users[person].job_title == "Engineer"
        assert after.users == (await everybody(tenant)).users

    async def test_links_lead_from_one_delta_to_the_next(self, tenant: TenantUnderTest) -> None:
        """Only the last page has a link, and following it tells only what came after."""
        link = await tenant.reader().latest_delta_link()
        before = await everybody(tenant)
        for number in range(3):
            person = tenant.hire(f"Person {number}")
            pages, link = await delta(tenant, link)
            after = folded(before, pages)
            assert after.users.keys() - before.users.keys() == {person}
            before = after

    async def test_a_quiet_tenant_has_an_empty_delta(self, tenant: TenantUnderTest) -> None:
        """Nothing happened, and there is a link to go on from all the same."""
        tenant.hire("Person")
        link = await tenant.reader().latest_delta_link()
        pages, link = await delta(tenant, link)
        pages, _ = await delta(tenant, link)
        assert [page for page in pages if page.users or page.removed] == []

    async def test_no_page_names_anybody_twice(self, tenant: TenantUnderTest) -> None:
        """A page has no order of its own, so it must not say that somebody is there and gone."""
        person = tenant.hire("Person")
        link = await tenant.reader().latest_delta_link()
        for _ in range(3):
            tenant.delete(person)
            tenant.restore(person)
        pages, _ = await delta(tenant, link)
        for page in pages:
            named = [user.id for user in page.users] + [object_id for object_id, _ in page.removed]
            assert len(named) == len(set(named))
        assert person in folded(EMPTY, pages).users

    async def test_a_forgotten_link_asks_for_a_full_read(self, tenant: TenantUnderTest) -> None:
        """410 is ResyncRequired, and a new link works again."""
        link = await tenant.reader().latest_delta_link()
        tenant.forget_links()
        with pytest.raises(ResyncRequired):
            await delta(tenant, link)
        await delta(tenant, await tenant.reader().latest_delta_link())

    async def test_without_consent_nothing_is_read(self, tenant: TenantUnderTest) -> None:
        """Whatever is asked for, somebody at the customer must act."""
        link = await tenant.reader().latest_delta_link()
        tenant.withdraw_consent()
        with pytest.raises(ActionRequired):
            await tenant.reader().prove_permissions()
        with pytest.raises(ActionRequired):
            await everybody(tenant)
        with pytest.raises(ActionRequired):
            await delta(tenant, link)


async def everybody(tenant: TenantUnderTest) -> Snapshot:
    """A full read."""
    pages = [page async for page in tenant.reader().users()]
    return replaced(EMPTY, pages)


async def delta(tenant: TenantUnderTest, link: str) -> tuple[list[UserPage], str]:
    """The pages since `link`, and where to go on; only the last page may say that."""
    read = [item async for item in tenant.reader().changes_since(link)]
    assert [next_link for _, next_link in read[:-1]] == [None] * (len(read) - 1)
    last = read[-1][1]
    assert last is not None
    return [page for page, _ in read], last
