"""The few fields we keep of what Microsoft Graph sends, decoded straight from the bytes.

Names and shapes: Microsoft Graph v1.0 metadata, types `user` and `organization`; delta annotations: Microsoft
Learn, "Use delta query to track changes in Microsoft Graph data".
"""

from functools import lru_cache
from itertools import product

import msgspec

from shared.core.mirror import UserPage
from shared.core.models import DirectoryUser, RemovalReason
from shared.core.text import normalized_email

USER_SELECT = (
    "id,userPrincipalName,mail,displayName,givenName,surname,jobTitle,department,officeLocation,companyName,"
    "mobilePhone,businessPhones,streetAddress,city,state,postalCode,country,userType,accountEnabled,"
    "proxyAddresses,assignedLicenses"
)
"""A delta link remembers it; a change here makes every tenant's next read a full one."""


# Of the kinds of proxy addresses the only one that mail reaches; capitals mark the primary address.
_SMTP = frozenset("".join(letters) + ":" for letters in product(*zip("smtp", "SMTP", strict=True)))

# A run holds a hundred thousand users at once, and what they have in common is kept once. A dictionary that
# is emptied now and then costs a third of an `lru_cache`; `sys.intern` may keep texts for the process's life.
_texts: dict[str, str] = {}
_MOST_TEXTS = 16_384
_shared = _texts.setdefault


class _Removed(msgspec.Struct, gc=False):
    reason: str = "deleted"


class _Licence(msgspec.Struct, rename="camel", gc=False):
    sku_id: str


class _User(msgspec.Struct, rename="camel", gc=False):
    id: str
    user_principal_name: str | None = None
    mail: str | None = None
    display_name: str | None = None
    given_name: str | None = None
    surname: str | None = None
    job_title: str | None = None
    department: str | None = None
    office_location: str | None = None
    company_name: str | None = None
    mobile_phone: str | None = None
    business_phones: list[str] | None = None
    street_address: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    user_type: str | None = None
    account_enabled: bool | None = None
    proxy_addresses: list[str] | None = None
    assigned_licenses: list[_Licence] | None = None
    removed: _Removed | None = msgspec.field(default=None, name="@removed")


def _as_user(user: _User) -> DirectoryUser:
    # Unpacked at once, and what people have in common looked up: this is done for everybody in a tenant.
    (
        object_id, name, mail, display_name, given_name, surname, title, department, office, company, mobile,
        phones, street, city, state, postal_code, country, kind, enabled, addresses, licences, _,
    ) = msgspec.structs.astuple(user)  # fmt: skip
    return DirectoryUser(
        object_id,
        name,
        mail,
        display_name,
        given_name,
        surname,
        title and _shared(title, title),
        department and _shared(department, department),
        office and _shared(office, office),
        company and _shared(company, company),
        mobile,
        phones[0] if phones else None,
        street,
        city and _shared(city, city),
        state and _shared(state, state),
        postal_code and _shared(postal_code, postal_code),
        country and _shared(country, country),
        kind and _shared(kind, kind),
        enabled,
        _aliases(addresses, mail) if addresses else (),
        _licences(*[licence.sku_id for licence in licences]) if licences else (),
    )


class _Users(msgspec.Struct):
    value: list[_User]
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")
    delta_link: str | None = msgspec.field(default=None, name="@odata.deltaLink")


class UsersDocument(msgspec.Struct, frozen=True):
    """One page and where to go on: `next_link`, or `delta_link` on the last page of a delta."""

    page: UserPage
    next_link: str | None
    delta_link: str | None


class _Domain(msgspec.Struct, rename="camel"):
    name: str
    is_default: bool = False


class _Organization(msgspec.Struct, rename="camel"):
    id: str
    display_name: str | None = None
    verified_domains: list[_Domain] = []


class _Organizations(msgspec.Struct):
    value: list[_Organization]


class _InnerError(msgspec.Struct):
    code: str = ""


class _Error(msgspec.Struct):
    error: _InnerError


UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises for a body that is none of Graph's; the errors' texts may quote it."""

_users = msgspec.json.Decoder(_Users)
_user = msgspec.json.Decoder(_User)
_organizations = msgspec.json.Decoder(_Organizations)
_error = msgspec.json.Decoder(_Error)


def users(body: bytes) -> UsersDocument:
    """A page of `/users` or `/users/delta`. Raises one of UNREADABLE, also for a body that is cut off."""
    document = _users.decode(body)
    if len(_texts) > _MOST_TEXTS:
        _texts.clear()
    # One object may come several times in a page, as removed and as a user; the last state counts.
    latest = {user.id: user for user in document.value}.values()
    page = UserPage(
        tuple([_as_user(user) for user in latest if user.removed is None]),
        tuple((user.id, _reason(user.removed)) for user in latest if user.removed is not None),
    )
    return UsersDocument(page, document.next_link, document.delta_link)


def user(body: bytes) -> DirectoryUser:
    """A single user. Raises one of UNREADABLE."""
    return _as_user(_user.decode(body))


def organization(body: bytes) -> tuple[str, str, str] | None:
    """(id, name, default domain) of the tenant, or None when the list is empty."""
    found = _organizations.decode(body).value
    if not found:
        return None
    domains = sorted(found[0].verified_domains, key=lambda domain: not domain.is_default)
    return found[0].id.lower(), found[0].display_name or "", domains[0].name if domains else ""


def error_code(body: bytes) -> str:
    """The error's code, or an empty string where the body is none of Graph's."""
    try:
        return _error.decode(body).error.code
    except UNREADABLE:
        return ""


def _aliases(proxy_addresses: list[str], mail: str | None) -> tuple[str, ...]:
    found = [address for proxy in proxy_addresses if proxy[:5] in _SMTP and (address := proxy[5:]) != mail]
    if not found:
        return ()
    own = normalized_email(mail) if mail else ""
    if len(found) == 1:  # as for most people, of whom there may be many
        alias = normalized_email(found[0])
        return (alias,) if alias and alias != own else ()
    addresses = {normalized_email(address) for address in found}
    return tuple(sorted(address for address in addresses if address and address != own))


@lru_cache(maxsize=4096)
def _licences(*sku_ids: str) -> tuple[str, ...]:
    return tuple(sorted({sku_id.lower() for sku_id in sku_ids}))


def _reason(removed: _Removed) -> RemovalReason:
    return RemovalReason.SOFT_DELETED if removed.reason == "changed" else RemovalReason.HARD_DELETED
