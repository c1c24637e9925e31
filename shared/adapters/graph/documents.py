"""The few fields we keep of what Microsoft Graph sends, decoded straight from the bytes.

Names and shapes: Microsoft Graph v1.0 metadata, types `user` and `organization`; delta annotations: Microsoft
Learn, "Use delta query to track changes in Microsoft Graph data".
"""

from functools import lru_cache

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


_SMTP = "smtp:"  # of the kinds of proxy addresses the only one that mail reaches; capitals mark the primary


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

    def as_user(self) -> DirectoryUser:
        return DirectoryUser(
            self.id,
            self.user_principal_name,
            self.mail,
            self.display_name,
            self.given_name,
            self.surname,
            _shared(self.job_title),
            _shared(self.department),
            _shared(self.office_location),
            _shared(self.company_name),
            self.mobile_phone,
            self.business_phones[0] if self.business_phones else None,
            _shared(self.street_address),
            _shared(self.city),
            _shared(self.state),
            _shared(self.postal_code),
            _shared(self.country),
            _shared(self.user_type),
            self.account_enabled,
            _aliases(self.proxy_addresses, self.mail) if self.proxy_addresses else (),
            _licences(*[licence.sku_id for licence in self.assigned_licenses])
            if self.assigned_licenses
            else (),
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
    # One object may come several times in a page, as removed and as a user; the last state counts.
    latest = {user.id: user for user in document.value}.values()
    page = UserPage(
        tuple(user.as_user() for user in latest if user.removed is None),
        tuple((user.id, _reason(user.removed)) for user in latest if user.removed is not None),
    )
    return UsersDocument(page, document.next_link, document.delta_link)


def user(body: bytes) -> DirectoryUser:
    """A single user. Raises one of UNREADABLE."""
    return _user.decode(body).as_user()


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
    found = [
        normalized_email(address[len(_SMTP) :])
        for address in proxy_addresses
        if address[: len(_SMTP)].lower() == _SMTP and address[len(_SMTP) :] != mail
    ]
    if not found:
        return ()
    own = normalized_email(mail) if mail else ""
    return tuple(sorted({address for address in found if address and address != own}))


# A run holds a hundred thousand users at once, and what they have in common is kept once. Bounded caches,
# not `sys.intern`: what that takes in may stay for as long as the process lives.


@lru_cache(maxsize=4096)
def _licences(*sku_ids: str) -> tuple[str, ...]:
    return tuple(sorted({str(_shared(sku_id.lower())) for sku_id in sku_ids}))


@lru_cache(maxsize=16_384)
def _shared(text: str | None) -> str | None:
    return text


def _reason(removed: _Removed) -> RemovalReason:
    return RemovalReason.SOFT_DELETED if removed.reason == "changed" else RemovalReason.HARD_DELETED
