"""Fills a tenant with invented people, mailboxes, rooms and guests, the same ones for the same seed."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.world.directory import Properties, Purpose, SubscribedSku, User
from sandbox.world.names import NAMES
from sandbox.world.places import Place, phone_numbers
from sandbox.world.skus import TEAMS, Product, plans_of
from sandbox.world.tenant import Tenant

GRAPH_TIME = "%Y-%m-%dT%H:%M:%SZ"
LONGEST_LOCAL_PART = 64
EXTERNAL_DOMAINS = ("fabled-freight.example", "juniper-audit.example", "tallow-and-twine.example")


@dataclass(frozen=True, slots=True)
class Profile:
    """What the people of a tenant are like.

    `writing` names the name lists to draw from, `departments` maps a department to its job titles,
    `licences` pairs a product with its share of the members (the rest, up to 1, is unlicensed).
    """

    places: Sequence[Place]
    departments: Mapping[str, Sequence[str]]
    licences: Sequence[tuple[Product, float]]
    writing: Sequence[str] = ("english",)
    company: str | None = None
    disabled: float = 0.04
    without_mail: float = 0.02


class Population:
    """Adds users to one tenant; every draw comes from one seeded source."""

    def __init__(self, tenant: Tenant, profile: Profile, source: random.Random) -> None:
        self.tenant = tenant
        self.profile = profile
        self.source = source
        self._departments = [(name, tuple(titles)) for name, titles in profile.departments.items()]
        self._taken: set[str] = set()

    def person(
        self,
        given_name: str | None,
        surname: str | None,
        local_part: str,
        *,
        display_name: str | None = None,
        directory_roles: Iterable[str] = (),
        product: Product | None = None,
        without: Iterable[str] = (),
        **properties: Any,
    ) -> User:
        """Hire a member with address, phones and mailbox; what is None or named in `without` stays unset."""
        place = self._draw(self.profile.places)
        business, mobile = phone_numbers(self.source, place.usage_location)
        address = f"{local_part}@{self.tenant.domains[0]}"
        values: Properties = {
            "displayName": display_name or f"{given_name} {surname}",
            "givenName": given_name,
            "surname": surname,
            "userPrincipalName": address,
            "mail": address,
            "mailNickname": local_part,
            "companyName": self.profile.company,
            "businessPhones": [business],
            "mobilePhone": mobile,
            "assignedLicenses": _licences(product),
            "createdDateTime": self._created(),
            **place.properties(),
            **properties,
        }
        values = {
            name: value for name, value in values.items() if value is not None and name not in set(without)
        }
        values.setdefault("proxyAddresses", self._proxy_addresses(values, with_aliases=True))
        return self.tenant.hire(values, directory_roles=directory_roles)

    def people(self, count: int) -> None:
        """Hire members with drawn names, departments, licences, and the usual share of odd accounts."""
        for _ in range(count):
            self._draw_person()

    def _draw_person(self) -> None:
        names = NAMES[self._draw(self.profile.writing)]
        given, family = self._draw(names.given), self._draw(names.family)
        ordered = (family, given) if names.family_first else (given, family)
        department, titles = self._draw(self._departments)
        chance = self.source.random
        disabled = chance() < self.profile.disabled
        without = [
            name for name in ("mobilePhone", "jobTitle", "department", "officeLocation") if chance() < 0.06
        ]
        if chance() < self.profile.without_mail:
            without.append("mail")
        self.person(
            given.written,
            family.written,
            self._free_local_part(f"{given.ascii}.{family.ascii}"),
            display_name=names.separator.join(name.written for name in ordered),
            product=None if disabled else self._draw_licence(),
            without=without,
            department=department,
            jobTitle=self._draw(titles),
            accountEnabled=not disabled,
            businessPhones=[] if chance() < 0.2 else None if chance() < 0.05 else self._business_phones(),
        )

    def mailbox(
        self, display_name: str, local_part: str, purpose: Purpose = "shared", **properties: Any
    ) -> User:
        """Add a mailbox of no person: an unlicensed account with an address, blocked by default."""
        address = f"{local_part}@{self.tenant.domains[0]}"
        values: Properties = {
            "displayName": display_name,
            "userPrincipalName": address,
            "mail": address,
            "mailNickname": local_part,
            "accountEnabled": False,
            "businessPhones": [],
            "assignedLicenses": [],
            "createdDateTime": self._created(),
            **properties,
        }
        values["proxyAddresses"] = self._proxy_addresses(values)
        return self.tenant.hire(values, purpose=purpose)

    def guest(
        self,
        display_name: str,
        home_upn: str,
        *,
        home_tenant_id: str | None = None,
        with_mail: bool = True,
        accepted: bool = True,
        **properties: Any,
    ) -> User:
        """Invite somebody from elsewhere; the name follows `local_domain#EXT#@tenant.onmicrosoft.com`."""
        values: Properties = {
            "displayName": display_name,
            "userPrincipalName": f"{home_upn.replace('@', '_')}#EXT#@{self.tenant.initial_domain}",
            "userType": "Guest",
            "creationType": "Invitation",
            "externalUserState": "Accepted" if accepted else "PendingAcceptance",
            "businessPhones": [],
            "assignedLicenses": [],
            "createdDateTime": self._created(),
            **properties,
        }
        if with_mail:
            values |= {"mail": home_upn, "otherMails": [home_upn], "proxyAddresses": [f"SMTP:{home_upn}"]}
        return self.tenant.hire(values, home_tenant_id=home_tenant_id, home_upn=home_upn)

    def guests(self, count: int) -> None:
        """Invite guests from companies outside; every third has no mail."""
        for number in range(count):
            names = NAMES["english"]
            given, family = self._draw(names.given), self._draw(names.family)
            domain = self._draw(EXTERNAL_DOMAINS)
            home_upn = f"{self._free_local_part(f'{given.ascii}.{family.ascii}')}@{domain}"
            self.guest(
                f"{given.written} {family.written}",
                home_upn,
                with_mail=number % 3 != 2,
                accepted=number % 4 != 3,
            )

    def buy_licences(self, products: Iterable[Product], spare: int = 5) -> None:
        """Give the tenant enough units of each product for those who have it, and some to spare."""
        assigned = [
            licence["skuId"]
            for user in self.tenant.users.values()
            for licence in user.properties["assignedLicenses"]
        ]
        self.tenant.subscribed_skus = [
            SubscribedSku(product.sku_id, product.part_number, assigned.count(product.sku_id) + spare)
            for product in products
        ]

    def _draw(self, options: Sequence[Any]) -> Any:
        return options[int(self.source.random() * len(options))]

    def _draw_licence(self) -> Product | None:
        point = self.source.random()
        for product, share in self.profile.licences:
            point -= share
            if point < 0:
                return product
        return None

    def _business_phones(self) -> list[str]:
        return [phone_numbers(self.source, self._draw(self.profile.places).usage_location)[0]]

    def _created(self) -> str:
        start = self.tenant.created
        return (start + timedelta(minutes=int(self.source.random() * 1_500_000))).strftime(GRAPH_TIME)

    def _free_local_part(self, wanted: str) -> str:
        candidate, number = wanted, 1
        while candidate in self._taken:
            number += 1
            candidate = f"{wanted}{number}"
        self._taken.add(candidate)
        return candidate

    def _proxy_addresses(self, properties: Properties, *, with_aliases: bool = False) -> list[str]:
        if not properties.get("mail"):
            return []
        nickname = str(properties["mailNickname"])
        addresses = [f"SMTP:{properties['mail']}", f"smtp:{nickname}@{self.tenant.initial_domain}"]
        if with_aliases:
            addresses += self._aliases(nickname)
        if any(plan == TEAMS for licence in properties["assignedLicenses"] for plan in plans_of(licence)):
            addresses.append(f"sip:{properties['userPrincipalName']}")
        return addresses

    def _aliases(self, nickname: str) -> list[str]:
        """Return the former addresses of about one person in eight.

        Chosen by the name and not drawn, so that everybody else stays who they are.
        """
        given, dot, family = nickname.partition(".")
        former = f"{family}.{given}" if dot else f"former.{nickname}"
        mark = zlib.crc32(nickname.encode())
        if mark % 8 or len(former) > LONGEST_LOCAL_PART:
            return []
        aliases = [f"smtp:{former}@{self.tenant.domains[0]}"]
        if mark % 16 == 0:
            aliases.append(f"x500:/o=Exchange/ou=Administrative Group/cn=Recipients/cn={nickname}")
        return aliases


def _licences(product: Product | None) -> list[Properties]:
    return [{"skuId": product.sku_id, "disabledPlans": []}] if product else []


def graph_time(moment: datetime) -> str:
    """Write a point in time the way Microsoft Graph does."""
    return moment.strftime(GRAPH_TIME)
