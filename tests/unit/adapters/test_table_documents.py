"""Values as table entities: cut where a property ends, whole again when they are read."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters.tables import documents
from shared.adapters.tables.table import key, place

PROPERTY = 65_536
"""Bytes of a property: a string's are those of UTF-16."""
CHARACTERS = st.characters(codec="utf-8")
TEXTS = st.text(CHARACTERS, max_size=40)


class Value(msgspec.Struct):
    text: str
    number: int = 7


def sizes(entity: Mapping[str, Any]) -> list[int]:
    return [len(part if isinstance(part, bytes) else part.encode("utf-16-le")) for part in entity.values()]


@pytest.mark.parametrize("character", ["x", "é", "名", "😀", "\\", '"', "\n", "\u2028"])
@pytest.mark.parametrize("shift", range(4))
@pytest.mark.parametrize("length", [0, 1, 14_990, 15_000, 29_990, 30_000, 75_001])
def test_a_value_is_read_as_it_was_written(character: str, shift: int, length: int) -> None:
    """Wherever a part ends: also in the middle of what would be a surrogate pair."""
    value = Value("a" * shift + character * length)
    entity = documents.write(value)
    assert documents.read(entity, Value) == value
    assert max(sizes(entity)) <= PROPERTY


@given(TEXTS, st.integers(0, 40_000), st.integers())
@settings(max_examples=60, deadline=None)
def test_any_text_is_read_as_it_was_written(text: str, times: int, number: int) -> None:
    """Whatever it is made of and however long it gets."""
    value = Value((text * times)[:80_000], number)
    entity = documents.write(value)
    assert documents.read(entity, Value) == value
    assert max(sizes(entity)) <= PROPERTY


def test_columns_are_beside_the_value() -> None:
    """To be filtered by and looked at; one without a value is left out."""
    entity = documents.write(Value("x"), state="active", reason=None)
    assert entity == {"state": "active", "body": '{"text":"x","number":7}'}


def test_a_value_of_another_kind_is_no_value() -> None:
    """It is an error, not a value with holes."""
    with pytest.raises(msgspec.ValidationError):
        documents.read({"body": '{"number":7}'}, Value)
    with pytest.raises(msgspec.DecodeError):
        documents.read({}, Value)


@pytest.mark.parametrize("size", [0, 1, 59_999, 60_000, 60_001, 300_000])
def test_bytes_are_joined_as_they_were_split(size: int) -> None:
    """Compressed or as they are."""
    data = bytes(number * 7919 % 251 for number in range(size))
    split = documents.split(data)
    assert documents.joined(split) == data
    assert documents.unpack(documents.pack(data)) == data
    assert all(part <= PROPERTY for part in sizes(split))


def test_a_block_fits_into_an_entity_even_if_it_cannot_be_compressed() -> None:
    """An entity holds 1 MiB and 252 properties."""
    parts = documents.split(bytes(documents.BLOB + 10_000))
    assert sum(sizes(parts)) < 2**20
    assert len(parts) < 250


@given(TEXTS)
def test_a_key_holds_nothing_that_the_service_forbids(text: str) -> None:
    """Letters, digits, and a few marks; at most 1 KiB of UTF-16."""
    made = key(text)
    assert set(made) <= set(string.ascii_letters + string.digits + "_.-~=")
    assert len(made.encode("utf-16-le")) <= 1024


@given(st.lists(TEXTS, unique=True, max_size=20))
def test_no_two_texts_share_a_key(texts: list[str]) -> None:
    """Also those that look alike, or look like a key."""
    keys = [key(text) for text in texts] + [key(key(text)) for text in texts if key(text) not in texts]
    assert len(set(keys)) == len(keys)


@given(st.text(CHARACTERS, min_size=120, max_size=300), st.text("ab", min_size=1))
def test_no_two_long_texts_share_a_key(text: str, more: str) -> None:
    """What is cut off still counts."""
    assert key(text) != key(text + more)
    assert len(key(text)) <= 512


@pytest.mark.parametrize("text", ["c-1", "0123456789abcdef", "run_abc123", "Customer.7_x~y"])
def test_a_plain_id_is_its_own_key(text: str) -> None:
    """Whoever looks into a table recognises it, and can go on after it."""
    assert key(text) == text
    assert place(key(text)) == text


@given(TEXTS)
def test_the_place_after_a_row_is_its_key(text: str) -> None:
    """The token that a list ends with is one that it goes on from."""
    assert place(key(text)) == key(text)


@pytest.mark.parametrize("token", [None, "", "\x00", "名", "a\nb", "x" * 501])
def test_a_place_that_is_none_begins_at_the_beginning(token: str | None) -> None:
    """Nobody gets an error for an `after` of their own making."""
    assert place(token) == ""
