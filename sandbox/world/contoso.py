"""Contoso, with the fictitious people of Microsoft's own developer sample tenant."""

from __future__ import annotations

from typing import NamedTuple

from sandbox.world.directory import GLOBAL_ADMINISTRATOR
from sandbox.world.population import Population
from sandbox.world.skus import BUSINESS_BASIC, BUSINESS_PREMIUM, BUSINESS_STANDARD, POWER_AUTOMATE_FREE


class Employee(NamedTuple):
    """One line of the sample: name, address, title, department, office, business phone."""

    given_name: str
    surname: str
    local_part: str
    job_title: str
    department: str
    office: str
    phone: str


EMPLOYEES = (
    Employee("Adele", "Vance", "AdeleV", "Retail Manager", "Retail", "18/2111", "+1 425 555 0109"),
    Employee("Alex", "Wilber", "AlexW", "Marketing Assistant", "Marketing", "131/1104", "+1 858 555 0110"),
    Employee("Allan", "Deyoung", "AllanD", "IT Admin", "IT", "18/1106", "+1 262 555 0106"),
    Employee("Christie", "Cline", "ChristieC", "Buyer", "Retail", "131/2105", "+1 858 555 0111"),
    Employee("Debra", "Berger", "DebraB", "Administrative Assistant", "Executive Management", "18/2107", ""),
    Employee("Diego", "Siciliani", "DiegoS", "HR Manager", "HR", "14/1108", "+1 205 555 0108"),
    Employee("Emily", "Braun", "EmilyB", "Budget Analyst", "Finance", "97/2302", ""),
    Employee("Enrico", "Cattaneo", "EnricoC", "Attorney", "Legal", "19/2106", ""),
    Employee("Grady", "Archie", "GradyA", "Designer", "Engineering", "19/2109", "+1 309 555 0104"),
    Employee("Henrietta", "Mueller", "HenriettaM", "Developer", "Engineering", "18/1106", "+1 954 555 0118"),
    Employee("Irvin", "Sayers", "IrvinS", "Project Manager", "Engineering", "23/2101", "+1 614 555 0129"),
    Employee("Isaiah", "Langer", "IsaiahL", "Sales Rep", "Sales", "20/1101", "+1 918 555 0101"),
    Employee("Johanna", "Lorenz", "JohannaL", "Senior Engineer", "Engineering", "23/2102", "+1 502 555 0102"),
    Employee("Joni", "Sherman", "JoniS", "Paralegal", "Legal", "20/1109", "+1 980 555 0101"),
    Employee("Jordan", "Miller", "JordanM", "Sales Rep", "Sales", "20/1101", ""),
    Employee("Lee", "Gu", "LeeG", "Director", "Manufacturing", "23/3101", "+1 913 555 0101"),
    Employee("Lidia", "Holloway", "LidiaH", "Product Manager", "Engineering", "20/2107", "+1 918 555 0107"),
    Employee("Lynne", "Robbins", "LynneR", "Planner", "Retail", "20/1104", "+1 918 555 0104"),
    Employee("Megan", "Bowen", "MeganB", "Marketing Manager", "Marketing", "12/1110", "+1 412 555 0109"),
    Employee("Miriam", "Graham", "MiriamG", "Director", "Marketing", "131/2103", "+1 858 555 0109"),
    Employee("Nestor", "Wilke", "NestorW", "Director", "Operations", "36/2121", "+1 206 555 0105"),
    Employee(
        "Patti", "Fernandez", "PattiF", "President", "Executive Management", "15/1102", "+1 502 555 0144"
    ),
    Employee("Pradeep", "Gupta", "PradeepG", "Accountant", "Finance", "98/2202", "+20 255501070"),
    Employee("Raul", "Razo", "RaulR", "Sales Rep", "Sales", "20/1102", ""),
)
GROUPS = {
    "Leadership": ("PattiF", "MiriamG", "NestorW", "LeeG"),
    "Retail": ("AdeleV", "ChristieC", "LynneR"),
    "Sales and Marketing": ("AlexW", "MeganB", "MiriamG", "IsaiahL", "JordanM", "RaulR"),
    "Mark 8 Project Team": ("MeganB", "HenriettaM", "GradyA", "LidiaH", "IrvinS"),
    "Legal Team": ("JoniS", "EnricoC"),
}


def populate_contoso_people(population: Population) -> None:
    """Hire the administrator and the employees, and put them into their groups."""
    tenant = population.tenant
    population.person(
        "MOD",
        "Administrator",
        "admin",
        directory_roles=[GLOBAL_ADMINISTRATOR],
        product=BUSINESS_PREMIUM,
        without=("jobTitle", "officeLocation", "mobilePhone"),
    )
    products = (BUSINESS_BASIC, BUSINESS_STANDARD, BUSINESS_PREMIUM)
    for number, employee in enumerate(EMPLOYEES):
        population.person(
            employee.given_name,
            employee.surname,
            employee.local_part,
            product=products[number % 3],
            jobTitle=employee.job_title,
            department=employee.department,
            officeLocation=employee.office,
            businessPhones=[employee.phone] if employee.phone else [],
            without=("mobilePhone",) if number % 4 == 0 else (),
        )
    for name, members in GROUPS.items():
        found = (tenant.user_by_upn(f"{member}@{tenant.domains[0]}") for member in members)
        mail = f"{name.replace(' ', '').lower()}@{tenant.domains[0]}"
        tenant.add_group(
            name,
            [user.id for user in found if user],
            groupTypes=["Unified"],
            mailEnabled=True,
            securityEnabled=False,
            mail=mail,
            visibility="Private",
        )
    nested = [
        group.id
        for group in tenant.groups.values()
        if group.display_name in ("Retail", "Sales and Marketing")
    ]
    tenant.add_group("All front office", nested, description="People who meet customers")
    population.buy_licences((*products, POWER_AUTOMATE_FREE))
