"""The rules of a sync, written down once more: slowly, plainly, and without the engine's help."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import msgspec

from shared.core import licences
from shared.core.configuration import (
    BlankPolicy,
    Configuration,
    EmailSource,
    Enrichment,
    GroupMode,
    LeaverCause,
    LeaverPolicy,
    Matching,
    SharedMailboxes,
    SiteAttribute,
    Unmatched,
)
from shared.core.models import CONTACT_FIELDS, Contact, ContactFields, DirectoryUser
from shared.core.reviews import Decision, ReviewAction

READ = {  # a field of a contact → the property of a user
    "name": "display_name",
    "first_name": "given_name",
    "last_name": "surname",
    "job_title": "job_title",
    "department": "department",
    "office": "office_location",
    "company": "company_name",
    "mobile_phone": "mobile_phone",
    "business_phone": "business_phone",
    "street": "street",
    "city": "city",
    "state": "state",
    "postal_code": "postal_code",
    "country": "country",
}


@dataclass(frozen=True)
class Facts:
    """What is true of a tenant: users, who is in the groups, mailboxes that are nobody's, sign-in, activity.

    `mfa`: object id → whether it is enabled; None where it cannot be read now, and "unknown" for ever.
    """

    users: Mapping[str, DirectoryUser]
    members: frozenset[str] = frozenset()
    nobodys: frozenset[str] = frozenset()
    mfa: Mapping[str, bool] | str | None = field(default_factory=dict)
    activity: Mapping[str, date] | None = field(default_factory=dict)


def contacts_after(
    facts: Facts,
    contacts: Sequence[Contact],
    policy: Configuration,
    decisions: Mapping[str, Decision],
) -> tuple[dict[str, Contact], list[Contact]]:
    """The contacts there were, by id, and the new ones, without ids, once everything has settled."""
    kinds = {user_id: leaves(facts, user, policy, decisions) for user_id, user in facts.users.items()}
    wanted = {key: fields(facts, facts.users[key], policy) for key, why in kinds.items() if why is None}
    after, new = {contact.id: contact for contact in contacts}, []
    linking = policy.matching is Matching.IDENTITY
    found = by_identity(facts, wanted, contacts, decisions) if linking else by_email(wanted, contacts)
    for user_id, contact_id in found.items():
        link = user_id if linking else None
        if contact_id is None:
            nobody = Contact("", ContactFields())
            new.append(Contact("", merged(nobody, wanted[user_id], facts, policy), link))
        elif contact_id:
            before = after[contact_id]
            back = linking and before.deactivated_by_sync and not before.active
            after[contact_id] = msgspec.structs.replace(
                before,
                fields=merged(before, wanted[user_id], facts, policy),
                object_id=link or before.object_id,
                active=back or before.active,
                deactivated_by_sync=before.deactivated_by_sync and not back,
            )
    if linking and policy.leavers is LeaverPolicy.DEACTIVATE:
        for contact in list(after.values()):
            left = contact.object_id is not None and contact.object_id not in wanted
            why = kinds.get(contact.object_id or "", "deleted") or ""
            acts = why in {cause.value for cause in policy.leaver_causes}
            if left and acts and contact.active and not contact.keep_active:
                after[contact.id] = msgspec.structs.replace(contact, active=False, deactivated_by_sync=True)
    return after, new


def leaves(
    facts: Facts, user: DirectoryUser, policy: Configuration, decisions: Mapping[str, Decision]
) -> str | None:
    """Why somebody is to have no contact: `disabled`, `out_of_scope` or `dismissed`."""
    scope = policy.scope
    guest = user.user_type == "Guest"
    if ("guest" if guest else "member") not in scope.user_types:
        return "out_of_scope"
    if scope.enabled_only and user.enabled is False:
        return LeaverCause.DISABLED.value
    boxes = {
        SharedMailboxes.INCLUDE: False,
        SharedMailboxes.LEAVE_OUT_LIKELY: looks_shared(user),
        SharedMailboxes.LEAVE_OUT_BY_PURPOSE: user.id in facts.nobodys
        if user.mail and not guest
        else looks_shared(user),
    }
    domain = address(user, policy.email_source).split("@")[-1].lower()
    if (
        (scope.groups.mode is not GroupMode.NONE and user.id not in facts.members)
        or (scope.departments and low(user.department) not in map(low, scope.departments))
        or (scope.offices and low(user.office_location) not in map(low, scope.offices))
        or (scope.domains and domain not in scope.domains)
        or (scope.licensed_only and not user.licences)
        or (scope.skus and not set(scope.skus) & set(user.licences))
        or boxes[scope.shared_mailboxes]
        or any(low(rule.pattern) in low(user.display_name) for rule in scope.exclusions)
        or not address(user, policy.email_source)
        or site(user, policy) is None
    ):
        return LeaverCause.OUT_OF_SCOPE.value
    decision = decisions.get(user.id)
    return "dismissed" if decision and decision.action is ReviewAction.DISMISS else None


def looks_shared(user: DirectoryUser) -> bool:
    nobody = not user.given_name and not user.surname and not user.licences
    return nobody and bool(user.mail) and user.user_type != "Guest"


def site(user: DirectoryUser, policy: Configuration) -> str | None:
    for rule in policy.sites.rules:
        office = rule.attribute is SiteAttribute.OFFICE
        if low(user.office_location if office else user.department) in map(low, rule.values):
            return rule.site
    nobodys = not policy.sites.rules or policy.sites.unmatched is Unmatched.NO_SITE
    return "" if nobodys else None


def address(user: DirectoryUser, source: EmailSource) -> str:
    first = source is EmailSource.USER_PRINCIPAL_NAME and user.user_type != "Guest"
    names = [user.user_principal_name] if first else [user.mail, user.user_principal_name]
    if source is EmailSource.MAIL:
        names = [user.mail]
    return next((name.strip() for name in names if name and "#EXT#" not in name), "")


def fields(facts: Facts, user: DirectoryUser, policy: Configuration) -> dict[str, str]:
    found = {name: (getattr(user, key) or "").strip() for name, key in READ.items() if name in policy.fields}
    email = address(user, policy.email_source)
    if found.get("name") == "":
        found["name"] = f"{user.given_name or ''} {user.surname or ''}".strip()
    if Enrichment.MFA in policy.enrichments and facts.mfa is not None:
        known = {} if isinstance(facts.mfa, str) else facts.mfa
        found["mfa_status"] = {True: "enabled", False: "disabled", None: "unknown"}[known.get(user.id)]
    if Enrichment.ACTIVITY in policy.enrichments and facts.activity is not None:
        day = facts.activity.get(user.id)
        found["last_activity"] = day.isoformat() if day else ""
    if Enrichment.LICENCES in policy.enrichments:
        found["licence"] = licences.highest_named(user.licences)
        found["licences"] = licences.product_names(user.licences)
    return found | {"email": email, "site": site(user, policy) or ""}


def merged(before: Contact, wanted: Mapping[str, str], facts: Facts, policy: Configuration) -> ContactFields:
    """The directory wins, but for pins, blanks that keep, and what this sync is not about."""
    ours = {*policy.fields, "email", *wanted}
    if not policy.sites.rules:
        ours -= {"site"}
    if Enrichment.MFA in policy.enrichments and facts.mfa is not None:
        ours |= {"mfa_status", "mfa_methods"}
    after = {}
    for name in CONTACT_FIELDS:
        old, value = getattr(before.fields, name), wanted.get(name, "")
        blank = not value and name in policy.fields and policy.blank_in_directory is BlankPolicy.KEEP
        after[name] = old if name not in ours or name in before.pins or blank else value
    if "name" in policy.fields and "name" not in before.pins:
        after["name"] = after["name"] or wanted["email"]  # whom nothing names
    return ContactFields(**after)


def by_email(wanted: Mapping[str, Mapping[str, str]], contacts: Sequence[Contact]) -> dict[str, str | None]:
    """User → contact; None for a new one, "" where several make it a guess."""
    found: dict[str, str | None] = {}
    for key, mine in wanted.items():
        same = [other for other in wanted.values() if low(other["email"]) == low(mine["email"])]
        holders = [contact.id for contact in contacts if low(contact.fields.email) == low(mine["email"])]
        found[key] = "" if len(same) > 1 or len(holders) > 1 else (holders[0] if holders else None)
    return found


def by_identity(
    facts: Facts,
    wanted: Mapping[str, Mapping[str, str]],
    contacts: Sequence[Contact],
    decisions: Mapping[str, Decision],
) -> dict[str, str | None]:
    """The same by link, then unique address, then unique alias; nobody gets an address that is another's."""
    owner = {contact.id: contact.object_id for contact in contacts}
    linked = set(owner.values())
    for key in sorted(decisions):
        gift = decisions[key].contact_id or ""
        if key in wanted and key not in linked and gift in owner and owner[gift] not in facts.users:
            owner[gift] = key
    own = {key: next((c for c in contacts if owner[c.id] == key), None) for key in wanted}
    pinned = {key: c.fields.email for key, c in own.items() if c is not None and "email" in c.pins}
    email = {key: low(pinned.get(key, mine["email"])) for key, mine in wanted.items()}
    alone = {
        key
        for key in wanted
        if not email[key] or (key in decisions and decisions[key].action is ReviewAction.CREATE)
    }
    stuck: set[str] = set()

    def leads_to(alias: str) -> list[Contact]:
        holders = [contact for contact in contacts if low(contact.fields.email) == alias]
        free = all(owner[contact.id] is None for contact in holders)
        return holders if free and alias not in email.values() else []

    def moves(contact: Contact) -> bool:
        key = owner[contact.id] or ""
        there = key in wanted and own[key] is contact and key not in stuck
        return there and email[key] != low(contact.fields.email)

    def outcome(key: str) -> str | None:
        mine = own[key]
        if key in alone:
            return None if mine is None else mine.id
        rivals = {other for other in wanted if email[other] == email[key] and other not in alone}
        holders = [contact for contact in contacts if low(contact.fields.email) == email[key]]
        if len(rivals) > 1 and [owner[c.id] for c in holders if owner[c.id] in rivals] != [key]:
            return ""
        staying = [contact for contact in holders if not moves(contact)]
        if mine is not None:
            return "" if staying and low(mine.fields.email) != email[key] else mine.id
        if staying:
            return staying[0].id if len(staying) == 1 and owner[staying[0].id] is None else ""
        aliases = {low(alias): leads_to(low(alias)) for alias in facts.users[key].aliases}
        led = [contact.id for holders in aliases.values() for contact in holders]
        shared = any(
            holders and any(low(a) == alias for o in wanted if o != key for a in facts.users[o].aliases)
            for alias, holders in aliases.items()
        )
        return "" if shared or len(led) > 1 else (led[0] if led else None)

    while True:
        found = {key: outcome(key) for key in wanted}
        again = {key for key in found if found[key] == ""}
        if again <= stuck:
            return found
        stuck |= again


def low(text: str | None) -> str:
    return (text or "").strip().lower()
