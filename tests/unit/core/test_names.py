"""Names in one part and in two."""

import pytest

from shared.core.names import joined_name, split_name


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Ada Lovelace", "Ada", "Lovelace"),
        ("Lovelace, Ada", "Ada", "Lovelace"),
        ("Ada King Lovelace", "Ada King", "Lovelace"),
        ("Ludwig van Beethoven", "Ludwig", "van Beethoven"),
        ("van der Berg, Jan", "Jan", "van der Berg"),
        ("Maria del Carmen", "Maria", "del Carmen"),
        ("Anna-Maria Müller-Lüdenscheidt", "Anna-Maria", "Müller-Lüdenscheidt"),
        ("Jack Ma", "Jack", "Ma"),
        ("Zoe\u0301  Łukasz", "Zoé", "Łukasz"),
    ],
)
def test_a_name_has_two_parts(name: str, first: str, last: str) -> None:
    """In whichever order they come, with what belongs to the last name left with it."""
    assert split_name(name) == (first, last)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Dr. Ada Lovelace", "Ada", "Lovelace"),
        ("Ada Lovelace PhD", "Ada", "Lovelace"),
        ("Ada Lovelace Jr.", "Ada", "Lovelace"),
        ("Mr Smith", "", "Smith"),
    ],
)
def test_titles_and_degrees_are_left_out(name: str, first: str, last: str) -> None:
    """There is no field for them."""
    assert split_name(name) == (first, last)


@pytest.mark.parametrize("name", ["Ada", "Christian", "Dr.", "😀😀", "...", "' or PartitionKey ne '", "&"])
def test_what_cannot_be_told_apart_is_all_first_name(name: str) -> None:
    """Nothing of it is lost, also where it is only a title or no name at all."""
    assert split_name(name) == (name, "")


@pytest.mark.parametrize("name", ["", " ", "\t\n"])
def test_nobody_has_no_parts(name: str) -> None:
    """A blank name is blank in both."""
    assert split_name(name) == ("", "")


@pytest.mark.parametrize(
    "name",
    [
        "x" * 5_000,
        "a " * 2_000,
        "a,b,c,d,e,f",
        ",,,",
        "(((",
        "((Ada)) Lovelace",
        "\x00Ada\u202e Lovelace\r\n",
        '"' * 99,
    ],
)
def test_hostile_names_come_apart_too(name: str) -> None:
    """Into one line each, without marks that reorder, and none of them is long in coming."""
    first, last = split_name(name)
    assert (first + last).isprintable()
    assert first or last
    assert len(first) + len(last) <= len(name)


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [("Ada", "Lovelace", "Ada Lovelace"), ("Ada", "", "Ada"), ("", "Lovelace", "Lovelace"), ("", "", "")],
)
def test_two_parts_are_one_name(first: str, last: str, name: str) -> None:
    """As people are called, without a space where a part is missing."""
    assert joined_name(first, last) == name
