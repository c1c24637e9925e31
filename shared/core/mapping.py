"""From a user of the directory to the fields of a contact."""

import msgspec

from shared.core.configuration import BlankPolicy, Configuration
from shared.core.models import CONTACT_FIELDS, ContactFields, DirectoryUser
from shared.core.text import clean, is_email


def email_of(user: DirectoryUser) -> str:
    """The contact's address, or an empty string when the user has none that a mailbox answers to."""
    for candidate in (user.mail, user.user_principal_name):
        address = clean(candidate)
        if address and is_email(address):
            return address
    return ""


def contact_fields(user: DirectoryUser) -> ContactFields:
    """What the directory says about the user, as contact fields."""
    email = email_of(user)
    first_name, last_name = clean(user.given_name), clean(user.surname)
    return ContactFields(
        name=clean(user.display_name) or f"{first_name} {last_name}".strip() or email,
        email=email,
        first_name=first_name,
        last_name=last_name,
        job_title=clean(user.job_title),
        department=clean(user.department),
        office=clean(user.office_location),
        company=clean(user.company_name),
        mobile_phone=clean(user.mobile_phone),
        business_phone=clean(user.business_phone),
        street=clean(user.street),
        city=clean(user.city),
        state=clean(user.state),
        postal_code=clean(user.postal_code),
        country=clean(user.country),
    )


def merged(current: ContactFields, wanted: ContactFields, configuration: Configuration) -> ContactFields:
    """The contact's fields after the sync: the directory wins, a blank only where the policy says so."""
    if current == wanted or configuration.blank_in_directory is BlankPolicy.OVERWRITE:
        return wanted
    kept = {name: getattr(current, name) for name in CONTACT_FIELDS if not getattr(wanted, name)}
    return msgspec.structs.replace(wanted, **kept)
