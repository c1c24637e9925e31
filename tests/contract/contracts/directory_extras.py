"""What every DirectoryReader must do besides reading the users."""

import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from shared.core.errors import ActionRequired, EnrichmentUnavailable, ScopeObjectMissing
from shared.core.permissions import OPTIONAL, PROFILES, Outcome
from shared.core.supplement import Registration, SecureScore, SubscribedProduct
from shared.ports import DirectoryReader
from tests.contract.contracts.tenant import TenantUnderTest

NOBODY = "7d0f6c1e-5a35-4f0b-9a34-5f5d3f7d9c55"
SKU, OTHER_SKU = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46", "f245ecc8-75af-4f8e-b61f-27d8114de5f3"


async def named_groups(reader: DirectoryReader, search: str = "") -> list[tuple[str, Any]]:
    """Every group that is found, by id and name."""
    return [(group.id, group.name) async for page in reader.groups(search) for group in page]


Question = Callable[[DirectoryReader], Awaitable[object]]
ENRICHMENTS: dict[str, Question] = {
    "MailboxSettings.Read": lambda reader: reader.mailbox_purposes([NOBODY]),
    "AuditLog.Read.All": lambda reader: reader.registrations(),
    "Reports.Read.All": lambda reader: reader.activity(),
    "SecurityEvents.Read.All": lambda reader: reader.secure_score(),
}
QUESTIONS: dict[str, Question] = ENRICHMENTS | {
    "user": lambda reader: reader.user(NOBODY),
    "members": lambda reader: reader.members([NOBODY]),
    "members of any group": lambda reader: reader.members_of_any_group(),
    "groups": named_groups,
    "products": lambda reader: reader.products(),
}


class PermissionsContract:
    """What the tenant granted."""

    @pytest.fixture
    def tenant(self) -> TenantUnderTest:
        raise NotImplementedError("the tenant under test; some people may be in it already")

    async def test_every_permission_is_tried(self, tenant: TenantUnderTest) -> None:
        """With everything granted each is found to be, and none is asked for twice."""
        tenant.hire("Person")
        found = await tenant.reader().prove_permissions()
        assert {permission.name for permission in found} == {PROFILES, *OPTIONAL}
        assert len(found) == 1 + len(OPTIONAL)
        assert {permission.outcome for permission in found} == {Outcome.GRANTED}

    @pytest.mark.parametrize("name", ENRICHMENTS)
    async def test_a_permission_that_is_missing_is_told(self, tenant: TenantUnderTest, name: str) -> None:
        """It alone, and what a sync needs is proven all the same."""
        tenant.hire("Person")
        tenant.revoke(name)
        found = await tenant.reader().prove_permissions()
        assert [item.name for item in found if item.outcome is not Outcome.GRANTED] == [name]


class SingleUserContract:
    """Somebody by name."""

    @pytest.fixture
    def tenant(self) -> TenantUnderTest:
        raise NotImplementedError("the tenant under test; some people may be in it already")

    async def test_a_user_is_found_by_id_and_by_name(self, tenant: TenantUnderTest) -> None:
        """In any case, and exactly as the full read lists them."""
        person = tenant.hire("Person")
        tenant.hire("Somebody else")
        listed = {user.id: user async for page in tenant.reader().users() for user in page.users}
        name = tenant.principal_name(person)
        for wanted in (person, person.upper(), name, name.upper()):
            assert await tenant.reader().user(wanted) == listed[person]

    async def test_a_guest_is_found_by_name(self, tenant: TenantUnderTest) -> None:
        """Their names have characters that mean something in an address."""
        guest = tenant.invite("Guest")
        assert "#EXT#" in tenant.principal_name(guest)
        found = await tenant.reader().user(tenant.principal_name(guest))
        assert found is not None
        assert (found.id, (found.user_type or "").lower()) == (guest, "guest")

    @pytest.mark.parametrize(
        "name",
        [
            NOBODY,
            "nobody@contoso.example",
            "",
            ".",
            "..",
            "delta",
            "$count",
            "../organization",
            "a/../b@contoso.example",
            "nobody@contoso.example?$select=id",
            "nobody@contoso.example/mailboxSettings",
            "no body@contoso.example\r\nX: y",
            "%2e%2e%2forganization",
            "nobody'@contoso.example",
            "名前@contoso.example",
            "\ud800@contoso.example",
            "a" * 5000 + "@contoso.example",
        ],
        ids=ascii,
    )
    async def test_nobody_is_nobody(self, tenant: TenantUnderTest, name: str) -> None:
        """Whatever was typed: it names a user or no one, and nothing else of the directory."""
        tenant.hire("Person")
        assert await tenant.reader().user(name) is None

    async def test_somebody_deleted_is_nobody(self, tenant: TenantUnderTest) -> None:
        """Until they are restored."""
        person = tenant.hire("Person")
        tenant.delete(person)
        assert await tenant.reader().user(person) is None
        tenant.restore(person)
        assert await tenant.reader().user(person) is not None

    async def test_aliases_and_licences_are_read(self, tenant: TenantUnderTest) -> None:
        """By a full read, by a delta, and of one user."""
        person, reader = tenant.hire("Person"), tenant.reader()
        link = await reader.latest_delta_link()
        tenant.set_aliases(person, "second@contoso.example", "first@contoso.example")
        tenant.assign(person, OTHER_SKU, SKU)
        listed = [user async for page in reader.users() for user in page.users]
        changed = [user async for page, _ in reader.changes_since(link) for user in page.users]
        single = await reader.user(person)
        assert single is not None
        for found in (listed, changed):
            assert [user for user in found if user.id == person] == [single]
        assert single.aliases == ("first@contoso.example", "second@contoso.example")
        assert single.licences == (SKU, OTHER_SKU)


class GroupsContract:
    """Who is in which group."""

    async def test_members_of_nested_groups_are_members(self, tenant: TenantUnderTest) -> None:
        """Each once, also where groups contain each other; groups are not people."""
        ann, ben, cat, dan = (tenant.hire(name) for name in ("Ann", "Ben", "Cat", "Dan"))
        inner = tenant.add_group("Inner", cat)
        outer = tenant.add_group("Outer", ann, ben, inner)
        tenant.add_member(inner, outer)
        other = tenant.add_group("Other", ben, dan)
        assert await tenant.reader().members([inner]) == {ann, ben, cat}
        assert await tenant.reader().members([outer, other]) == {ann, ben, cat, dan}
        assert await tenant.reader().members([other, other]) == {ben, dan}

    async def test_people_in_groups_are_counted(self, tenant: TenantUnderTest) -> None:
        """Nested ones once, groups not at all; many groups at once, and none that is gone."""
        ann, ben, cat = (tenant.hire(name) for name in ("Ann", "Ben", "Cat"))
        inner = tenant.add_group("Inner", ann, cat)
        outer, empty = tenant.add_group("Outer", ann, ben, inner), tenant.add_group("Empty")
        many = [tenant.add_group(f"Group {number}", ann) for number in range(45)]
        sizes = await tenant.reader().group_sizes([inner, outer, empty, outer, NOBODY, *many])
        assert sizes == {inner: 2, outer: 3, empty: 0} | dict.fromkeys(many, 1)
        assert await tenant.reader().group_sizes([]) == {}

    async def test_nobody_is_in_no_group(self, tenant: TenantUnderTest) -> None:
        """None asked for, or an empty one."""
        assert await tenant.reader().members([]) == frozenset()
        assert await tenant.reader().members([tenant.add_group("Empty")]) == frozenset()

    async def test_somebody_deleted_is_in_no_group(self, tenant: TenantUnderTest) -> None:
        """The membership comes back with them."""
        person = tenant.hire("Person")
        group = tenant.add_group("Group", person)
        tenant.delete(person)
        assert await tenant.reader().members([group]) == frozenset()

    async def test_a_large_group_is_read_to_the_end(self, tenant: TenantUnderTest) -> None:
        """More members than a page holds."""
        people = [tenant.hire(f"Person {number}") for number in range(1_050)]
        group = tenant.add_group("All", *people)
        assert await tenant.reader().members([group]) == set(people)

    async def test_many_groups_are_read_to_the_end(self, tenant: TenantUnderTest) -> None:
        """More groups than are asked for at once, and more than a page holds."""
        people = [tenant.hire(f"Person {number}") for number in range(7)]
        groups = [tenant.add_group(f"Group {number}", people[number % 7]) for number in range(1_005)]
        assert await tenant.reader().members(groups[:85]) == set(people)
        assert await tenant.reader().members_of_any_group() >= set(people)
        assert {*groups} <= {found for found, _ in await named_groups(tenant.reader())}

    async def test_groups_that_are_gone_are_named(self, tenant: TenantUnderTest) -> None:
        """All of them, and nothing is read without them."""
        person = tenant.hire("Person")
        there, gone = tenant.add_group("There", person), tenant.add_group("Gone", person)
        tenant.delete_group(gone)
        with pytest.raises(ScopeObjectMissing) as missing:
            await tenant.reader().members([gone, there, NOBODY])
        assert gone in missing.value.title
        assert NOBODY in missing.value.title
        assert there not in missing.value.title

    async def test_members_of_any_group_are_all_that_are_in_one(self, tenant: TenantUnderTest) -> None:
        """Whoever is in none is not."""
        ann, ben, loner = (tenant.hire(name) for name in ("Ann", "Ben", "Loner"))
        tenant.add_group("Outer", ann, tenant.add_group("Inner", ben))
        found = await tenant.reader().members_of_any_group()
        assert {ann, ben} <= found
        assert loner not in found

    async def test_groups_are_found_by_the_beginning_of_a_word(self, tenant: TenantUnderTest) -> None:
        """In any case; and without a search all are listed."""
        mark = f"x{uuid.uuid4().hex[:8]}"
        sales = tenant.add_group(f"{mark} Sales team")
        other = tenant.add_group(f"{mark} Support")
        everything = await named_groups(tenant.reader())
        assert {(sales, f"{mark} Sales team"), (other, f"{mark} Support")} <= set(everything)
        assert await named_groups(tenant.reader(), f"{mark} sal") == [(sales, f"{mark} Sales team")]
        assert {found for found, _ in await named_groups(tenant.reader(), mark.upper())} == {sales, other}
        assert await named_groups(tenant.reader(), f"{mark}ales") == []

    @pytest.mark.parametrize(
        "search", ['"', '" OR "displayName:', "\\", '\\"', "a&$top=1", "%22", "' or 1 eq 1", "#", "名前", ":"]
    )
    async def test_a_search_is_only_text(self, tenant: TenantUnderTest, search: str) -> None:
        """Whatever was typed finds what has it in its name, here nothing, and breaks out of nothing."""
        tenant.add_group("Sales")
        assert await named_groups(tenant.reader(), f"zz{search}zz") == []


class EnrichmentsContract:
    """What is there besides the directory."""

    async def test_purposes_are_those_of_the_mailboxes(self, tenant: TenantUnderTest) -> None:
        """Whoever has none, or does not exist, has no purpose."""
        person, shared, room, guest = (
            tenant.hire("Person"),
            tenant.hire("Shared"),
            tenant.hire("Room"),
            tenant.invite("Guest"),
        )
        tenant.set_purpose(shared, "shared")
        tenant.set_purpose(room, "room")
        found = await tenant.reader().mailbox_purposes([room, NOBODY, person, guest, shared])
        assert found == {person: "user", shared: "shared", room: "room"}
        assert await tenant.reader().mailbox_purposes([]) == {}

    async def test_purposes_of_many_are_read_to_the_end(self, tenant: TenantUnderTest) -> None:
        """More than are asked for at once, and each its own."""
        people = [tenant.hire(f"Person {number}") for number in range(103)]
        for person in people[::3]:
            tenant.set_purpose(person, "shared")
        found = await tenant.reader().mailbox_purposes(people)
        assert found == {p: "user" if number % 3 else "shared" for number, p in enumerate(people)}

    async def test_registrations_say_what_counts_and_which(self, tenant: TenantUnderTest) -> None:
        """A method that policy does not allow satisfies nothing."""
        ann, ben = tenant.hire("Ann"), tenant.hire("Ben")
        tenant.register(ann, "fido2", "mobilePhone", allowed=True)
        tenant.register(ben, "mobilePhone", allowed=False)
        found = await tenant.reader().registrations()
        assert found[ann] == Registration(capable=True, methods=("fido2", "mobilePhone"))
        assert found[ben] == Registration(capable=False, methods=("mobilePhone",))

    async def test_without_a_licence_there_are_no_registrations_ever(self, tenant: TenantUnderTest) -> None:
        """Not an outage: the values there are cannot be out of date."""
        tenant.lose_premium()
        with pytest.raises(EnrichmentUnavailable) as missing:
            await tenant.reader().registrations()
        assert missing.value.permanent

    async def test_activity_is_the_last_day_by_name(self, tenant: TenantUnderTest) -> None:
        """In lower case; whoever never did anything has no day, and who left is not there."""
        ann, ben, gone = tenant.hire("Ann"), tenant.hire("Ben"), tenant.hire("Gone")
        day = datetime.now(UTC).date() - timedelta(days=12)
        tenant.work(ann, day)
        tenant.work(gone, day)
        left = tenant.principal_name(gone).lower()
        tenant.delete(gone)
        found = await tenant.reader().activity()
        assert found[tenant.principal_name(ann).lower()] == day
        assert found[tenant.principal_name(ben).lower()] is None
        assert left not in found

    async def test_concealed_names_tell_nothing(self, tenant: TenantUnderTest) -> None:
        """It is no outage, and somebody can change it."""
        tenant.work(tenant.hire("Ann"), date(2026, 1, 1))
        tenant.conceal_names()
        with pytest.raises(EnrichmentUnavailable) as missing:
            await tenant.reader().activity()
        assert not missing.value.permanent

    async def test_products_have_their_seats(self, tenant: TenantUnderTest) -> None:
        """By SKU id, in lower case."""
        tenant.buy(SKU, "SPB", 12)
        assert SubscribedProduct(SKU, "SPB", 12, 0) in await tenant.reader().products()

    async def test_the_newest_score_counts(self, tenant: TenantUnderTest) -> None:
        """A maximum of 0 is possible; a new tenant has no score."""
        for current, maximum in ((41.5, 120.0), (0.0, 0.0)):
            tenant.set_score(current, maximum)
            found = await tenant.reader().secure_score()
            assert found is not None
            assert found == SecureScore(current, maximum, found.day)
        tenant.clear_score()
        assert await tenant.reader().secure_score() is None

    @pytest.mark.parametrize("permission", ENRICHMENTS)
    async def test_without_its_permission_an_enrichment_is_not_to_be_had(
        self, tenant: TenantUnderTest, permission: str
    ) -> None:
        """The error names the permission; the others, and the users, can still be read."""
        tenant.hire("Person")
        tenant.revoke(permission)
        with pytest.raises(EnrichmentUnavailable) as missing:
            await ENRICHMENTS[permission](tenant.reader())
        assert permission in missing.value.detail
        assert not missing.value.permanent
        for other in [name for name in ENRICHMENTS if name != permission]:
            await ENRICHMENTS[other](tenant.reader())
        assert [page async for page in tenant.reader().users()]

    @pytest.mark.parametrize("question", QUESTIONS)
    async def test_without_consent_no_question_is_answered(
        self, tenant: TenantUnderTest, question: str
    ) -> None:
        """Somebody at the customer must act; it is not only an enrichment that is not to be had."""
        tenant.withdraw_consent()
        with pytest.raises(ActionRequired):
            await QUESTIONS[question](tenant.reader())

    @pytest.mark.parametrize("question", [name for name in QUESTIONS if name != "members"])
    async def test_every_question_counts(self, tenant: TenantUnderTest, question: str) -> None:
        """At least one request each."""
        reader = tenant.reader()
        await QUESTIONS[question](reader)
        assert reader.requests >= 1
