"""A tenant's users as Microsoft Graph lists them: the same ones in every process."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from typing import Any

FIRST_NAMES = ("Anna", "Bruno", "Chloé", "Daria", "Emre", "Fiona", "Goran", "Hana", "Ivo", "Jūratė")
LAST_NAMES = (
    "Abara",
    "Berger",
    "Castro",
    "Dvořák",
    "Eriksen",
    "Fontaine",
    "Gruber",
    "Hughes",
    "Ito",
    "Jansen",
)
DEPARTMENTS = ("Sales", "Engineering", "Finance", "Human Resources", "Operations", "Support")
TITLES = ("Account Manager", "Engineer", "Analyst", "Assistant", "Team Lead", "Technician")
CITIES = (("Lyon", "69002", "France"), ("Graz", "8010", "Austria"), ("Leeds", "LS1 4DL", "United Kingdom"))

_SKUS = ("cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46", "f245ecc8-75af-4f8e-b61f-27d8114de5f3")
_LEFT_OUT = 20  # one in so many is disabled, one in so many a guest


def users(count: int) -> Iterator[dict[str, Any]]:
    """So many users, all properties that the sync selects; one in ten gets no contact."""
    chance = random.Random(2026)  # noqa: S311 - reproducible on purpose
    for number in range(count):
        first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
        city, postal_code, country = chance.choice(CITIES)
        address = f"user{number}@wide-plains.example"
        yield {
            "id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            "userPrincipalName": address,
            "mail": address,
            "displayName": f"{first} {last}",
            "givenName": first,
            "surname": last,
            "jobTitle": chance.choice(TITLES),
            "department": chance.choice(DEPARTMENTS),
            "officeLocation": f"{city} {chance.randrange(1, 9)}",
            "companyName": "Wide Plains",
            "mobilePhone": f"+33 6 {chance.randrange(10**8):08d}" if number % 2 else None,
            "businessPhones": [f"+33 4 {chance.randrange(10**8):08d}"] if number % 3 else [],
            "streetAddress": f"{chance.randrange(1, 200)} Station Road",
            "city": city,
            "state": None,
            "postalCode": postal_code,
            "country": country,
            "userType": "Guest" if number % _LEFT_OUT == 1 else "Member",
            "accountEnabled": number % _LEFT_OUT != 2,
            "proxyAddresses": [f"SMTP:{address}", f"smtp:user{number}@wideplains.onmicrosoft.example"],
            "assignedLicenses": [{"skuId": _SKUS[number % len(_SKUS)], "disabledPlans": []}],
        }
