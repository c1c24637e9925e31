"""From a user of the directory to the fields of a contact."""

import msgspec
import pytest

from shared.core.configuration import BlankPolicy, Configuration
from shared.core.mapping import contact_fields, email_of, merged
from shared.core.models import CONTACT_FIELDS, ContactFields, DirectoryUser

KEEP, OVERWRITE = (Configuration(blank_in_directory=policy) for policy in BlankPolicy)


@pytest.mark.parametrize(
    ("mail", "name", "email"),
    [
        ("ada@mail.example", "ada@upn.example", "ada@mail.example"),
        (None, "ada@upn.example", "ada@upn.example"),
        ("", "ada@upn.example", "ada@upn.example"),
        ("not an address", "ada@upn.example", "ada@upn.example"),
        (" Ada@Mail.Example ", None, "Ada@Mail.Example"),
        (None, "ada_mail.example#EXT#@contoso.onmicrosoft.com", ""),
        ("ada@mail.example", "ada_mail.example#EXT#@contoso.onmicrosoft.com", "ada@mail.example"),
        (None, None, ""),
        (None, "ada", ""),
    ],
)
def test_the_email_is_mail_else_the_user_principal_name(
    mail: str | None, name: str | None, email: str
) -> None:
    """The first of the two that a mailbox answers to, spelled as in the directory."""
    assert email_of(DirectoryUser("1", user_principal_name=name, mail=mail)) == email


def test_every_field_has_its_property() -> None:
    """Each property of the directory ends up in its own field."""
    user = DirectoryUser(
        "1",
        user_principal_name="upn@example.com",
        mail="mail@example.com",
        display_name="name",
        given_name="first_name",
        surname="last_name",
        job_title="job_title",
        department="department",
        office_location="office",
        company_name="company",
        mobile_phone="mobile_phone",
        business_phone="business_phone",
        street="street",
        city="city",
        state="state",
        postal_code="postal_code",
        country="country",
    )
    values = {name: name for name in CONTACT_FIELDS} | {"email": "mail@example.com"}
    assert contact_fields(user) == ContactFields(**values)


@pytest.mark.parametrize(
    ("display", "given", "surname", "name"),
    [
        ("Ada Lovelace", "A", "L", "Ada Lovelace"),
        (None, "Ada", "Lovelace", "Ada Lovelace"),
        (" \x00 ", "Ada", None, "Ada"),
        (None, None, "Lovelace", "Lovelace"),
        (None, None, None, "ada@example.com"),
    ],
)
def test_nobody_is_without_a_name(
    display: str | None, given: str | None, surname: str | None, name: str
) -> None:
    """Display name, else first and last name, else the address."""
    user = DirectoryUser("1", mail="ada@example.com", display_name=display, given_name=given, surname=surname)
    assert contact_fields(user).name == name


def test_hostile_values_are_cleaned() -> None:
    """No field carries a line break or a reordering mark."""
    user = DirectoryUser("1", mail="a@example.com", department="Sales\r\n\u202eX", street="1  Main\tSt")
    fields = contact_fields(user)
    assert (fields.department, fields.street) == ("Sales X", "1 Main St")


def test_a_blank_keeps_what_the_contact_has() -> None:
    """Values the directory has win, blanks do not."""
    current = ContactFields(name="Old", email="old@example.com", job_title="Title", city="Town")
    wanted = ContactFields(name="New", email="new@example.com", city="City")
    kept = msgspec.structs.replace(wanted, job_title="Title")
    assert merged(current, wanted, KEEP) == kept


def test_a_blank_overwrites_where_it_is_told_to() -> None:
    """The contact says exactly what the directory says."""
    current = ContactFields(name="Old", job_title="Title")
    wanted = ContactFields(name="New")
    assert merged(current, wanted, OVERWRITE) == wanted
