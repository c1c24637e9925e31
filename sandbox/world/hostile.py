"""People whose data breaks careless software: every entry is legal in a directory, none is comfortable."""

from __future__ import annotations

import unicodedata

from sandbox.world.population import Population
from sandbox.world.skus import BUSINESS_BASIC, BUSINESS_PREMIUM_NO_TEAMS, BUSINESS_STANDARD

RIGHT_TO_LEFT_OVERRIDE = "\u202e"
LONGEST_NAME = 256

HOSTILE_DISPLAY_NAMES: dict[str, str] = {
    "script": "<script>alert(1)</script>",
    "attribute": '" onmouseover="alert(1)" x="',
    "template": "{{7*7}} ${7*7} %s {0} {name}",
    "formula.equals": "=cmd|'/c calc'!A1",
    "formula.plus": "+1+1",
    "formula.minus": "-2+3",
    "formula.at": "@SUM(1+1)",
    "formula.tab": "\t=1+1",
    "quotes": 'Robert \'); DROP TABLE "Contacts";--',
    "newline": "First line\nSecond line\r\nThird line",
    "control": "Bell\x07 Escape\x1b[31m Delete\x7f",
    "override": f"Invoice {RIGHT_TO_LEFT_OVERRIDE}fdp.exe",
    "marks": "\u200eLeft\u200f Right\u2066isolate\u2069",
    "invisible": "Zero\u200bWidth\ufeff Joiner\u200d",
    "blank": "\u00a0\u2003",
    "emoji": "👩🏽‍🚒 Brandmeisterin 🏳️‍🌈",
    "astral": "𝔉𝔯𝔞𝔨𝔱𝔲𝔯 𠜎𠜱",
    "zalgo": "Z\u0351\u036b\u0343a\u0329l\u0358g\u0308\u0363o\u0315",
    "longest": "Wolfeschlegelsteinhausenbergerdorff " * 7 + "Last",
    "null": "null",
    "undefined": "undefined",
    "path": "../../etc/passwd",
    "spaces": "   Leading,  double  and trailing   ",
    "comma": "Last, First (External; Consultant)",
    "ampersand": "Smith & Sons &amp; Daughters",
}


def populate_hostile(population: Population) -> None:
    """Hire everybody who has caused trouble in somebody's contact list."""
    for local_part, name in HOSTILE_DISPLAY_NAMES.items():
        padded = name.ljust(LONGEST_NAME, "x") if local_part == "longest" else name
        population.person(
            padded[:64], padded[-64:], f"hostile.{local_part}", display_name=padded, product=BUSINESS_BASIC
        )
    _normalisation(population)
    _addresses(population)
    _spacing(population)


def _normalisation(population: Population) -> None:
    composed = unicodedata.normalize("NFC", "Zoë Ångström")
    decomposed = unicodedata.normalize("NFD", composed)
    for local_part, name in (("zoe.nfc", composed), ("zoe.nfd", decomposed)):
        given, _, family = name.partition(" ")
        population.person(given, family, local_part, product=BUSINESS_STANDARD, department="Qualität")


def _addresses(population: Population) -> None:
    tenant = population.tenant
    domain, initial = tenant.domains[0], tenant.initial_domain
    population.person(
        "Mixed", "Case", "Mixed.CASE", mail=f"mixed.case@{domain.upper()}", product=BUSINESS_BASIC
    )
    population.person("Siobhán", "O'Shaughnessy", "siobhan.o'shaughnessy", product=BUSINESS_STANDARD)
    population.person("Tag", "Reader", "tag.reader", mail=f"tag.reader+crm@{domain}", product=BUSINESS_BASIC)
    for number in (1, 2):
        population.person(
            "Same",
            f"Address {number}",
            f"same.{number}",
            mail=f"same.address@{domain}",
            product=BUSINESS_BASIC,
        )
    population.person(
        "Same", "Address in capitals", "same.3", mail=f"SAME.Address@{domain}", without=("mobilePhone",)
    )
    population.person("Other", "Domain", "other.domain", mail=f"other.domain@{tenant.domains[1]}")
    population.person("Long", "Address", "l" * 64, product=BUSINESS_BASIC)
    population.person("Symbols", "In Name", "odd!#^~_-name", product=BUSINESS_BASIC)
    population.person("No", "Mail", "no.mail", without=("mail",))
    population.person(
        "Many",
        "Addresses",
        "many.addresses",
        product=BUSINESS_PREMIUM_NO_TEAMS,
        proxyAddresses=[
            f"SMTP:many.addresses@{domain}",
            f"smtp:many@{initial}",
            f"smtp:Many.Addresses@{tenant.domains[1]}",
            "x500:/o=Exchange/ou=Administrative Group/cn=Recipients/cn=many",
            f"sip:many.addresses@{domain}",
        ],
    )
    population.person(None, None, "mononym", display_name="Mononym", product=BUSINESS_BASIC)


def _spacing(population: Population) -> None:
    variants = (
        "Stockholm",
        " Stockholm",
        "Stockholm ",
        "STOCKHOLM",
        "stock\u00adholm",
        "Stockholm\u00a0",
        "  ",
    )
    for number, office in enumerate(variants):
        population.person(
            "Office",
            f"Variant {number}",
            f"office.{number}",
            officeLocation=office,
            department=office[::-1],
            product=BUSINESS_BASIC,
        )
    population.person(
        "Odd",
        "Phones",
        "odd.phones",
        mobilePhone="  0046 (0)70-174 06 99 ext. 12 ",
        businessPhones=["call reception"],
    )
