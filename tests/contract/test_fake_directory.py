"""Tenants in memory keep the contract that Microsoft Graph is held to."""

from datetime import date

import pytest

from shared.core.models import RemovalReason
from shared.core.supplement import Registration, SecureScore, SubscribedProduct
from shared.ports import DirectoryReader
from tests.contract.contracts.budgets import BudgetsContract
from tests.contract.contracts.directory import DirectoryContract
from tests.contract.contracts.tenant import TenantUnderTest
from tests.contract.contracts.values import connection, unique
from tests.fakes import FakeClock, FakeDirectories, FakeDirectory
from tests.fakes.budgets import FakeBudgets


class FakeTenantUnderTest:
    """A fake tenant by the contract's verbs."""

    def __init__(self) -> None:
        self.tenant_id = unique()
        self._tenant = FakeDirectory(self.tenant_id)
        self._directories = FakeDirectories()
        self._directories.add(self._tenant)

    def reader(self) -> DirectoryReader:
        return self._directories.open(connection(unique(), tenant_id=self.tenant_id))

    def hire(self, name: str) -> str:
        return self._tenant.hire(unique(), display_name=name).id

    def invite(self, name: str) -> str:
        mark = unique()
        upn, mail = f"{mark}_fabrikam.example#EXT#@contoso.example", f"{mark}@fabrikam.example"
        made = self._tenant.hire(
            mark, display_name=name, user_type="Guest", user_principal_name=upn, mail=mail
        )
        return made.id

    def principal_name(self, object_id: str) -> str:
        return self._tenant.users[object_id].user_principal_name or ""

    def set_job_title(self, object_id: str, title: str) -> None:
        self._tenant.change(object_id, job_title=title)

    def set_aliases(self, object_id: str, *addresses: str) -> None:
        self._tenant.change(object_id, aliases=tuple(sorted(addresses)))

    def assign(self, object_id: str, *sku_ids: str) -> None:
        self._tenant.change(object_id, licences=tuple(sorted(sku_ids)))

    def delete(self, object_id: str) -> None:
        self._tenant.remove(object_id)

    def purge(self, object_id: str) -> None:
        self._tenant.remove(object_id, RemovalReason.HARD_DELETED)

    def restore(self, object_id: str) -> None:
        self._tenant.restore(object_id)

    def add_group(self, name: str, *members: str) -> str:
        return self._tenant.add_group(name, *members)

    def add_member(self, group_id: str, member: str) -> None:
        self._tenant.groups[group_id].members.add(member)

    def delete_group(self, group_id: str) -> None:
        self._tenant.delete_group(group_id)

    def set_purpose(self, object_id: str, purpose: str) -> None:
        self._tenant.purposes[object_id] = purpose

    def register(self, object_id: str, *methods: str, allowed: bool) -> None:
        self._tenant.registrations[object_id] = Registration(allowed, methods)

    def work(self, object_id: str, day: date) -> None:
        self._tenant.activity[object_id] = day

    def buy(self, sku_id: str, part_number: str, seats: int) -> None:
        self._tenant.products.append(SubscribedProduct(sku_id, part_number, seats, 0))

    def set_score(self, current: float, maximum: float) -> None:
        self._tenant.secure_score = SecureScore(current, maximum, date(2026, 3, 1))

    def clear_score(self) -> None:
        self._tenant.secure_score = None

    def conceal_names(self) -> None:
        self._tenant.conceal_names()

    def lose_premium(self) -> None:
        self._tenant.lose_premium()

    def revoke(self, permission: str) -> None:
        self._tenant.revoke(permission)

    def forget_links(self) -> None:
        self._tenant.forget_links()

    def withdraw_consent(self) -> None:
        self._tenant.consented = False


class TestFakeDirectory(DirectoryContract):
    """Tenants in memory."""

    @pytest.fixture
    def tenant(self) -> TenantUnderTest:
        return FakeTenantUnderTest()

    async def test_any_method_can_be_made_to_fail(self) -> None:
        """Until it is told otherwise, and no other one."""
        tenant = FakeDirectory("t-1", secure_score=SecureScore(1.0, 2.0, date(2026, 3, 1)))
        reader = FakeDirectories()
        reader.add(tenant)
        opened = reader.open(connection(unique(), tenant_id="t-1"))
        tenant.errors["products"] = ValueError("as told")
        for _ in range(2):
            with pytest.raises(ValueError, match="as told"):
                await opened.products()
        assert await opened.secure_score() == SecureScore(1.0, 2.0, date(2026, 3, 1))
        del tenant.errors["products"]
        assert await opened.products() == []


class TestFakeBudgets(BudgetsContract):
    """Budgets in memory."""

    @pytest.fixture
    def budgets(self, clock: FakeClock) -> FakeBudgets:
        return FakeBudgets(clock)
