"""From a user of the directory to the fields of a contact."""

from collections.abc import Callable, Collection
from collections.abc import Set as AbstractSet

import msgspec

from shared.core import licences
from shared.core.configuration import BlankPolicy, Configuration, EmailSource, Enrichment
from shared.core.models import (
    ALL_FIELDS,
    CONTACT_FIELDS,
    ContactFields,
    DirectoryUser,
    UserType,
    user_type,
)
from shared.core.names import joined_name, split_name
from shared.core.supplement import NOTHING, Supplement
from shared.core.text import clean, is_email, lines

UNKNOWN = "unknown"
"""The value of an enrichment that this tenant cannot have."""

_ENRICHED: dict[Enrichment, tuple[str, ...]] = {
    Enrichment.LICENCES: ("licence", "licences"),
    Enrichment.MFA: ("mfa_status", "mfa_methods"),
    Enrichment.ACTIVITY: ("last_activity",),
}
_MFA = frozenset(_ENRICHED[Enrichment.MFA])
_EMAIL = frozenset({"email"})
_SITE = frozenset({"site"})
_WHOLE_NAME = frozenset({"name"})
_NAME_PARTS = frozenset({"first_name", "last_name"})


def enriched_fields(configuration: Configuration) -> frozenset[str]:
    """The fields of a contact that the configuration's enrichments fill."""
    return frozenset(
        name for enrichment in configuration.enrichments for name in _ENRICHED.get(enrichment, ())
    )


def email_of(user: DirectoryUser, source: EmailSource) -> str:
    """The contact's address, or an empty string when the user has none that a mailbox answers to."""
    mail, name = user.mail, user.user_principal_name
    candidates: tuple[str | None, ...]
    if source is EmailSource.MAIL:
        candidates = (mail,)
    elif source is EmailSource.USER_PRINCIPAL_NAME and user_type(user) is UserType.MEMBER:
        candidates = (name,)
    else:
        candidates = (mail, name)
    for candidate in candidates:
        address = clean(candidate)
        if address and is_email(address):
            return address
    return ""


class Mapper:
    """What the directory says about users, as fields of contacts, under one configuration.

    `governed`: the fields this run fills; every other one stays as it is. Where the destination keeps a name
    in one part only, or in two only, that is where a name goes.
    """

    def __init__(
        self,
        configuration: Configuration,
        supplement: Supplement = NOTHING,
        held: AbstractSet[str] = ALL_FIELDS,
    ) -> None:
        """`supplement`: what was read besides the users; `held`: the fields the destination has."""
        self._source = configuration.email_source
        self._supplement = supplement
        self._part_numbers = supplement.part_numbers
        synced = frozenset(field.value for field in configuration.fields)
        readers = dict(_READERS)
        if not held & _NAME_PARTS and synced & _NAME_PARTS and not synced & _WHOLE_NAME:
            synced |= _WHOLE_NAME
            readers["name"] = _joined_name
        if not held & _WHOLE_NAME and synced & (_WHOLE_NAME | _NAME_PARTS):
            synced |= _NAME_PARTS if synced & _WHOLE_NAME else frozenset[str]()
            readers |= {"first_name": _first_name, "last_name": _last_name}
        synced &= held
        enriched = frozenset(
            name
            for enrichment, names in _ENRICHED.items()
            if enrichment in configuration.enrichments and _answered(enrichment, supplement)
            for name in names
        )
        # Without rules nobody has said what the sites are, so they are the PSA's.
        sites = _SITE if configuration.sites.rules else frozenset[str]()
        enriched &= held
        self.governed = _EMAIL | (sites & held) | synced | enriched
        self._site_is_held = "site" in held
        self._one_name = not held >= _WHOLE_NAME | _NAME_PARTS
        self._left_alone = tuple(name for name in CONTACT_FIELDS if name not in self.governed)
        keeps = configuration.blank_in_directory is BlankPolicy.KEEP
        self._kept_when_blank = tuple(sorted(synced)) if keeps else ()
        self._synced: dict[str, Callable[[DirectoryUser], str]] = {
            name: read for name, read in readers.items() if name in synced
        }
        self._enriched = enriched

    def fields(self, user: DirectoryUser, site: str = "") -> ContactFields:
        """What the contact is to say, were it made now; `email` is empty when the user has no address."""
        email = email_of(user, self._source)
        values = {name: read(user) for name, read in self._synced.items()}
        site = site if self._site_is_held else ""
        return ContactFields(email=email, site=site, **values, **self._enrichment(user))

    def merged(
        self, current: ContactFields, wanted: ContactFields, pins: Collection[str] = ()
    ) -> ContactFields:
        """The contact's fields after the sync: the directory wins, but for pins and for blanks that keep."""
        if current == wanted and (current.name or "name" not in self._synced):  # as nearly always
            return current
        if "name" not in pins and not (current.name and "name" in self._kept_when_blank):
            wanted = self.named(wanted)
        kept = {name: getattr(current, name) for name in (*self._left_alone, *self._pinned(pins))}
        for name in self._kept_when_blank:
            if not getattr(wanted, name):
                kept[name] = getattr(current, name)
        return msgspec.structs.replace(wanted, **kept)

    def _pinned(self, pins: Collection[str]) -> Collection[str]:
        """The pins, of which one of a name protects whatever parts of a name there are."""
        names = _WHOLE_NAME | _NAME_PARTS
        return {*pins, *(names & self.governed)} if self._one_name and names & set(pins) else pins

    def named(self, fields: ContactFields) -> ContactFields:
        """The fields with a name, if the sync fills it: somebody whom nothing names goes by the address."""
        if fields.name or "name" not in self._synced:
            return fields
        return msgspec.structs.replace(fields, name=fields.email)

    def _enrichment(self, user: DirectoryUser) -> dict[str, str]:
        found: dict[str, str] = {}
        if "licences" in self._enriched:
            found["licences"] = licences.product_names(user.licences, self._part_numbers)
        if "licence" in self._enriched:
            found["licence"] = licences.highest_named(user.licences)
        if self._enriched & _MFA:
            found |= self._mfa(user)
        if "last_activity" in self._enriched:
            activity = self._supplement.activity
            day = None if activity is None else activity.get((user.user_principal_name or "").lower())
            never = UNKNOWN if activity is None else ""
            found["last_activity"] = never if day is None else day.isoformat()
        return found

    def _mfa(self, user: DirectoryUser) -> dict[str, str]:
        """Each where it has a place: somebody without a registration is not known to have none."""
        registration = (self._supplement.registrations or {}).get(user.id)
        values = {"mfa_status": UNKNOWN}
        if registration is not None:
            values = {
                "mfa_status": "enabled" if registration.capable else "disabled",
                "mfa_methods": ", ".join(sorted(map(method_name, registration.methods))),
            }
        return {name: value for name, value in values.items() if name in self._enriched}


def method_name(method: str) -> str:
    """Graph's word for an authentication method in a technician's words."""
    return _METHODS.get(method, clean(method))


def _answered(enrichment: Enrichment, supplement: Supplement) -> bool:
    """Whether there is something to write: a value, or that there can be none."""
    gap = supplement.lacks(enrichment)
    if gap is not None:
        return gap.permanent
    match enrichment:
        case Enrichment.MFA:
            return supplement.registrations is not None
        case Enrichment.ACTIVITY:
            return supplement.activity is not None
        case _:
            return True


def _name(user: DirectoryUser) -> str:
    return clean(user.display_name) or f"{clean(user.given_name)} {clean(user.surname)}".strip()


def _joined_name(user: DirectoryUser) -> str:
    return joined_name(clean(user.given_name), clean(user.surname)) or _name(user)


def _parts(user: DirectoryUser) -> tuple[str, str]:
    """Given name and surname; of somebody who has neither, the display name in two parts."""
    given, surname = clean(user.given_name), clean(user.surname)
    return (given, surname) if given or surname else split_name(clean(user.display_name))


def _first_name(user: DirectoryUser) -> str:
    return _parts(user)[0]


def _last_name(user: DirectoryUser) -> str:
    return _parts(user)[1]


def _street(user: DirectoryUser) -> str:
    return next(iter(lines(user.street)), "")


_READERS: dict[str, Callable[[DirectoryUser], str]] = {
    "name": _name,
    "first_name": lambda user: clean(user.given_name),
    "last_name": lambda user: clean(user.surname),
    "job_title": lambda user: clean(user.job_title),
    "department": lambda user: clean(user.department),
    "office": lambda user: clean(user.office_location),
    "company": lambda user: clean(user.company_name),
    "mobile_phone": lambda user: clean(user.mobile_phone),
    "business_phone": lambda user: clean(user.business_phone),
    "street": _street,
    "street_2": lambda user: ", ".join(lines(user.street)[1:]),
    "city": lambda user: clean(user.city),
    "state": lambda user: clean(user.state),
    "postal_code": lambda user: clean(user.postal_code),
    "country": lambda user: clean(user.country),
}

_METHODS = {  # Microsoft Graph, resource userRegistrationDetails, property methodsRegistered
    "alternateMobilePhone": "Alternate mobile phone",
    "email": "Email",
    "fido2": "FIDO2 security key",
    "hardwareOneTimePasscode": "Hardware token",
    "microsoftAuthenticatorPasswordless": "Microsoft Authenticator (passwordless)",
    "microsoftAuthenticatorPush": "Microsoft Authenticator",
    "mobilePhone": "Mobile phone",
    "officePhone": "Office phone",
    "passKeyDeviceBound": "Passkey",
    "passKeyDeviceBoundAuthenticator": "Passkey in Microsoft Authenticator",
    "passKeyDeviceBoundWindowsHello": "Passkey in Windows Hello",
    "securityQuestion": "Security questions",
    "softwareOneTimePasscode": "Authenticator app code",
    "temporaryAccessPass": "Temporary Access Pass",
    "windowsHelloForBusiness": "Windows Hello for Business",
}
