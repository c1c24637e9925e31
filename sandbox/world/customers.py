"""Who and what is in the tenant of each seeded company."""

from __future__ import annotations

from sandbox.world.contoso import populate_contoso_people
from sandbox.world.directory import (
    APPLICATION_ADMINISTRATOR,
    CLOUD_APPLICATION_ADMINISTRATOR,
    GLOBAL_ADMINISTRATOR,
    GLOBAL_READER,
    PRIVILEGED_ROLE_ADMINISTRATOR,
)
from sandbox.world.hostile import populate_hostile
from sandbox.world.population import Population
from sandbox.world.skus import BUSINESS_BASIC, BUSINESS_STANDARD


def _administrator(
    population: Population, role: str = GLOBAL_ADMINISTRATOR, local_part: str = "admin"
) -> None:
    """Add an account for administration only: no licence, no mailbox, no job."""
    population.person(
        None,
        None,
        local_part,
        display_name=f"{population.tenant.display_name} {local_part}",
        directory_roles=[role],
        without=("mail", "mobilePhone", "officeLocation", "companyName"),
        businessPhones=[],
    )


def populate_contoso(population: Population, _users: int) -> None:
    """Contoso as Microsoft's sample has it, and a guest."""
    populate_contoso_people(population)
    population.guests(1)


def populate_harbour(population: Population, _users: int) -> None:
    """A practice of two people and a shared mailbox."""
    population.person(
        "Priscilla",
        "Harbour",
        "admin",
        jobTitle="Owner",
        product=BUSINESS_STANDARD,
        directory_roles=[GLOBAL_ADMINISTRATOR],
    )
    population.person("Ned", "Tidewater", "ned", jobTitle="Hygienist", product=BUSINESS_BASIC)
    population.mailbox("Appointments", "appointments")
    population.buy_licences((product for product, _share in population.profile.licences), spare=0)


def populate_alder(population: Population, users: int) -> None:
    """An office with every sort of mailbox, nested groups, and a Privileged Role Administrator."""
    _administrator(population)
    _administrator(population, PRIVILEGED_ROLE_ADMINISTRATOR, "roles")
    population.person(
        "Tobias", "Finch", "tobias.finch", jobTitle="Partner", directory_roles=[GLOBAL_ADMINISTRATOR]
    )
    population.people(users - 11)
    population.guests(3)
    population.mailbox("Studio", "studio")
    population.mailbox("Accounts", "accounts")
    # Nobody thought of blocking it.
    population.mailbox("Careers", "careers", accountEnabled=True)
    population.mailbox("Drawing Room", "drawing.room", "room")
    population.mailbox("Large Plotter", "plotter", "equipment")
    _groups_by_department(population)
    _studio_groups(population)
    population.buy_licences(product for product, _share in population.profile.licences)


def populate_large(population: Population, users: int) -> None:
    """A company whose users and groups do not fit on a page, with many sorts of administrator."""
    _administrator(population)
    for role, local_part in (
        (GLOBAL_ADMINISTRATOR, "admin2"),
        (CLOUD_APPLICATION_ADMINISTRATOR, "apps.cloud"),
        (APPLICATION_ADMINISTRATOR, "apps"),
        (GLOBAL_READER, "auditor"),
    ):
        _administrator(population, role, local_part)
    special = users // 50
    population.people(users - 5 - 3 * special)
    population.guests(special)
    for number in range(1, special + 1):
        population.mailbox(f"Shared desk {number}", f"desk.{number}")
        population.mailbox(f"Meeting room {number}", f"room.{number}", "room" if number % 4 else "equipment")
    _groups_by_department(population)
    population.buy_licences(product for product, _share in population.profile.licences)


def populate_kosmopolis(population: Population, users: int) -> None:
    """People of all languages, hostile data, and more groups than a page holds."""
    _administrator(population)
    populate_hostile(population)
    population.people(users - len(population.tenant.users) - 12)
    population.guests(8)
    population.mailbox("=Formula+Desk", "formula.desk")
    population.mailbox("Büro für Übersetzungen", "buero", accountEnabled=True)
    population.mailbox("会議室", "kaigi", "room", accountEnabled=True)
    population.mailbox("Projecteur", "projecteur", "equipment")
    _groups_by_department(population)
    _many_groups(population, 1_100 if users >= 200 else 60)
    population.buy_licences(product for product, _share in population.profile.licences)


def populate_quince(population: Population, users: int) -> None:
    """A small practice."""
    population.person(
        "Quentin", "Quince", "admin", directory_roles=[GLOBAL_ADMINISTRATOR], product=BUSINESS_STANDARD
    )
    population.people(users - 3)
    population.mailbox("Reception", "reception")
    population.guests(1)
    population.buy_licences(product for product, _share in population.profile.licences)


def populate_small_office(population: Population, users: int) -> None:
    """A small company with a shared mailbox, a guest, and a group for every department."""
    _administrator(population)
    population.people(users - 3)
    population.mailbox("Front Desk", "front.desk")
    population.guests(1)
    _groups_by_department(population)
    population.buy_licences(product for product, _share in population.profile.licences)


def populate_operator(population: Population) -> None:
    """The few people who run the service."""
    _administrator(population)
    population.person(
        "Opal", "Overton", "opal.overton", jobTitle="Operations engineer", product=BUSINESS_BASIC
    )
    population.person("Rupert", "Langford", "rupert.langford", jobTitle="Support", product=BUSINESS_BASIC)


def _groups_by_department(population: Population) -> None:
    """Add a group for every department, one that nests them all, and one that nobody is in."""
    tenant = population.tenant
    members: dict[str, list[str]] = {name: [] for name in population.profile.departments}
    for user in tenant.users.values():
        if (department := user.properties.get("department")) in members:
            members[department].append(user.id)
    nested = [tenant.add_group(f"{name} team", ids).id for name, ids in members.items()]
    tenant.add_group("Everybody", nested, description="Holds the teams, and nobody directly")
    tenant.add_group("Nobody yet")


def _studio_groups(population: Population) -> None:
    """Add two groups that contain each other, below one that contains the first."""
    tenant = population.tenant
    people = [user.id for user in tenant.users.values() if user.purpose == "user" and user.enabled]
    board = tenant.add_group("Design board", people[2:5])
    reviewers = tenant.add_group("Design reviewers", [board.id, *people[4:9]])
    tenant.add_members(board.id, reviewers.id)
    tenant.add_group("Design", [board.id], description="Holds the board and, through it, the reviewers")


def _many_groups(population: Population, count: int) -> None:
    """Add more groups than a list page holds, a chain of nested ones, and two that contain each other."""
    tenant = population.tenant
    user_ids = list(tenant.users)
    width = len(str(count))
    for number in range(1, count + 1):
        start = number * 7 % len(user_ids)
        tenant.add_group(f"Project {number:0{width}}", user_ids[start : start + number % 5])
    chain = tenant.add_group("Level 5", user_ids[:2])
    for level in range(4, 0, -1):
        chain = tenant.add_group(f"Level {level}", [chain.id, user_ids[level * 3]])
    heads = tenant.add_group("Cycle: heads", user_ids[3:6])
    tails = tenant.add_group("Cycle: tails", [heads.id, *user_ids[5:8]])
    heads.member_ids.append(tails.id)
    itself = tenant.add_group("Cycle: itself", user_ids[:1])
    itself.member_ids.append(itself.id)
    for name in ('<b>Bold</b> & "quoted"', '=HYPERLINK("//evil.example")', "مجموعة", "O'Group"):
        tenant.add_group(name, user_ids[8:11])
