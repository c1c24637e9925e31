"""What happens around one connection: in the customer's directory, at Microsoft, and in the PSA."""

import random
from datetime import date, timedelta

from hypothesis import strategies as st

from shared.core.models import Contact, ContactFields, RemovalReason
from shared.core.supplement import Registration
from shared.core.text import normalized_email
from tests.fakes import FakeDirectory, Manners, World
from tests.fakes.directory_extras import unavailable
from tests.property.policies import GROUPS, SKU
from tests.property.watching import WatchedContacts

PEOPLE = ["ada", "bob", "cyd", "dan", "eve"]
ADDRESSES = [f"{name}@contoso.example" for name in PEOPLE]
_MOST = 7  # users, and contacts; more of them collide less

people = st.sampled_from(PEOPLE)
addresses = st.sampled_from([*ADDRESSES, "ada@fabrikam.example"])
maybe_addresses = st.none() | addresses
rarely = st.sampled_from([False] * 4 + [True])
numbers = st.integers(0, _MOST)
EVENTS: dict[str, dict[str, st.SearchStrategy]] = {
    "hire": {"name": people, "mail": maybe_addresses, "guest": rarely, "mailbox": rarely},
    "move_address": {"name": people, "mail": maybe_addresses},
    "swap_addresses": {"name": people, "other": people},
    "alias": {"name": people, "aliases": st.lists(addresses, max_size=2, unique=True)},
    "describe": {
        "name": people,
        "display_name": st.sampled_from(["Ada", "ADA", "a bot", ""]),
        "job_title": st.sampled_from(["", "Lead", "Clerk"]),
        "office_location": st.sampled_from([None, "", "Berlin", "BERLIN ", "Paris"]),
        "department": st.sampled_from([None, "Sales", "sales", "IT"]),
    },
    "administer": {"name": people, "enabled": st.booleans(), "guest": rarely, "licensed": st.booleans()},
    "leave": {
        "name": people,
        "reason": st.sampled_from([RemovalReason.SOFT_DELETED, RemovalReason.HARD_DELETED]),
    },
    "restore": {"name": people},
    "join_or_leave": {"name": people, "group": st.sampled_from(GROUPS), "nested": rarely},
    "sign_in": {"name": people, "capable": st.booleans(), "day": st.integers(1, 28)},
    "fail": {"mfa": st.sampled_from(["fine", "fails", "never"]), "activity": st.booleans()},
    "answer": {"size": st.integers(1, 3), "seed": st.integers(0, 9), "rude": st.booleans()},
    "pass_time": {"hours": st.sampled_from([1, 13, 100, 200]), "forgets": st.booleans()},
    "edit": {"number": numbers, "title": st.sampled_from(["", "Edited"]), "mail": addresses},
    "protect": {
        "number": numbers,
        "pins": st.sampled_from([(), (), ("job_title",), ("email",)]),
        "keep": rarely,
    },
    "add": {"mail": addresses, "name": st.sampled_from(["Hand", "Ada"])},
    "delete": {"number": numbers},
}
"""The verbs of Surroundings and what they take."""
_often = ["administer", "administer", "describe", "hire", "leave", "leave", "restore", "move_address"]
events = st.sampled_from([*_often, *EVENTS]).flatmap(
    lambda verb: st.tuples(st.just(verb), st.fixed_dictionaries(EVENTS[verb]))
)


class Surroundings:
    """One verb for each thing that can happen; what cannot happen to anybody does not.

    `reached`: every address that ever was each person's. `known`: the contacts as somebody last saw them.
    """

    def __init__(
        self, world: World, tenant: FakeDirectory, contacts: WatchedContacts, connection_id: str
    ) -> None:
        self.world, self.tenant, self._contacts = world, tenant, contacts
        self._connection_id = connection_id
        self._hired = 0
        self.reached: dict[str, set[str]] = {}
        self.known: dict[str, Contact] = {}
        for group in GROUPS:
            tenant.add_group(f"Group {group}", object_id=group)

    def happen(self, verb: str, details: dict[str, object]) -> None:
        getattr(self, verb)(**details)

    def contacts(self) -> list[Contact]:
        return self._contacts.contacts(self._connection_id)

    def look(self) -> None:
        """Take note of the contacts as they are."""
        self.known = {contact.id: contact for contact in self.contacts()}

    def called(self, name: str) -> list[str]:
        """Object ids of the people with the name, who are there and then who are in the bin."""
        return [key for key in [*self.tenant.users, *self.tenant.bin] if key.startswith(name)]

    def _there(self, name: str) -> list[str]:
        return [key for key in self.tenant.users if key.startswith(name)][:1]

    def _put(self, object_id: str, **properties: object) -> None:
        verb = self.tenant.change if object_id in self.tenant.users else self.tenant.hire
        user = verb(object_id, **properties)  # type: ignore[arg-type]
        reached = filter(None, (user.mail, user.user_principal_name, *user.aliases))
        self.reached.setdefault(object_id, set()).update(map(normalized_email, reached))

    # The directory.

    def hire(self, name: str, mail: str | None = None, guest: bool = False, mailbox: bool = False) -> None:
        """Somebody new, maybe with the address of somebody who left or is there; or a mailbox of nobody."""
        if len(self.tenant.users) >= _MOST:
            return
        self._hired += 1
        object_id = f"{name}-{self._hired}"
        kind = {"user_type": "Guest" if guest else "Member"}
        if mailbox:
            self.tenant.purposes[object_id] = "shared"
            kind |= {"given_name": None, "surname": None, "user_type": "Member"}  # type: ignore[dict-item]
        self._put(object_id, mail=mail or f"{name}@contoso.example", **kind)

    def move_address(self, name: str, mail: str | None) -> None:
        for object_id in self._there(name):
            self._put(object_id, mail=mail)

    def swap_addresses(self, name: str, other: str) -> None:
        for one, another in zip(self._there(name), self._there(other), strict=False):
            mail = self.tenant.users[one].mail
            self._put(one, mail=self.tenant.users[another].mail)
            self._put(another, mail=mail)

    def alias(self, name: str, aliases: list[str]) -> None:
        for object_id in self._there(name):
            self._put(object_id, aliases=tuple(aliases))

    def describe(self, name: str, **properties: object) -> None:
        for object_id in self._there(name):
            self._put(object_id, **properties)

    def administer(self, name: str, enabled: bool, guest: bool, licensed: bool) -> None:
        for object_id in self._there(name):
            kind = "Guest" if guest else "Member"
            self._put(object_id, enabled=enabled, user_type=kind, licences=(SKU,) if licensed else ())

    def leave(self, name: str, reason: RemovalReason) -> None:
        for object_id in self._there(name):
            self.tenant.remove(object_id, reason)

    def restore(self, name: str) -> None:
        for object_id in [key for key in self.tenant.bin if key.startswith(name)][:1]:
            self.tenant.restore(object_id)

    def join_or_leave(self, name: str, group: str, nested: bool) -> None:
        self.tenant.groups[group].members ^= set(self._there(name))
        if nested:
            self.tenant.groups[GROUPS[0]].members ^= {GROUPS[1]}

    def sign_in(self, name: str, capable: bool, day: int) -> None:
        for object_id in self._there(name):
            self.tenant.registrations[object_id] = Registration(capable)
            self.tenant.activity[object_id] = date(2026, 2, day)

    # Microsoft.

    def fail(self, mfa: str, activity: bool) -> None:
        """What is read besides the users is not to be had, or is again."""
        self.tenant.errors.clear()
        if mfa != "fine":
            self.tenant.errors["registrations"] = unavailable("mfa", permanent=mfa == "never")
        if activity:
            self.tenant.conceal_names()

    def answer(self, size: int, seed: int, rude: bool) -> None:
        """Pages are cut otherwise and come in another order, with duplicates and replays."""
        self.tenant.manners = Manners(size, rude, rude, rude, random.Random(seed))

    def pass_time(self, hours: int, forgets: bool) -> None:
        """A delta link is forgotten after a week at the latest."""
        self.world.clock.advance(timedelta(hours=hours))
        if forgets or hours > 168:
            self.tenant.forget_links()

    # The PSA.

    def _picked(self, number: int) -> list[Contact]:
        return self.contacts()[number : number + 1]

    def edit(self, number: int, title: str, mail: str) -> None:
        """A technician changes a contact; its address only to one that no other contact has."""
        taken = {normalized_email(contact.fields.email) for contact in self.contacts()}
        for contact in self._picked(number):
            email = contact.fields.email if mail in taken else mail
            self._contacts.edit_by_hand(self._connection_id, contact.id, job_title=title, email=email)
        self.look()

    def protect(self, number: int, pins: tuple[str, ...], keep: bool) -> None:
        for contact in self._picked(number):
            self._contacts.set_by_hand(
                self._connection_id, contact.id, pins=frozenset(pins), keep_active=keep
            )
        self.look()

    def add(self, mail: str, name: str) -> None:
        """A technician adds a contact, maybe with an address that another one has."""
        if len(self.contacts()) < _MOST:
            self._contacts.add_by_hand(self._connection_id, ContactFields(name, mail.upper()))
        self.look()

    def delete(self, number: int) -> None:
        for contact in self._picked(number):
            self._contacts.delete_by_hand(self._connection_id, contact.id)
        self.look()
