"""What counts as said to people in Python code."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from translations.__main__ import update
from translations.sentences import found_in


@pytest.mark.parametrize(
    ("code", "messages"),
    [
        ('raise Refused("x", "Nothing was changed.")', ["Nothing was changed."]),
        ('title = f"{psa} is not answering."', ["{psa} is not answering."]),
        ('title = f"The run is {run.state.value}, as of {a.day:%d}."', ["The run is {state}, as of {day}."]),
        ('more = " If it stays, ask the operator."', ["If it stays, ask the operator."]),
        ('title = marked("Sync in progress")', ["Sync in progress"]),
        ('say.ngettext("%(num)s person", "%(num)s people", n)', [("%(num)s person", "%(num)s people")]),
        ('PydanticCustomError("time", "Input should be a time of day")', ["Input should be a time of day."]),
        ('"""What a module is for."""', []),
        ('def f():\n    """What a function does, in a sentence."""', []),
        ('log("http.failed", where="a.b")', []),
        ('name = "Content-Type"', []),
        ('path = f"{home}/runs/{run}."', []),
    ],
)
def test_whole_sentences_and_marked_words_are_found(code: str, messages: list[object]) -> None:
    """An f-string by its form; neither names, addresses nor docstrings."""
    assert [message for _, message in found_in(code)] == messages


def test_an_update_keeps_what_is_translated_and_lists_what_is_not(tmp_path: Path) -> None:
    """What is gone goes, and doing it again changes nothing."""
    file = tmp_path / "de" / "LC_MESSAGES" / "tenantry.po"
    file.parent.mkdir(parents=True)
    kept = Catalog(locale="de")
    kept.add("Stays.", "Bleibt.")
    kept.add("Goes.", "Geht.")
    with file.open("wb") as opened:
        write_po(opened, kept)
    source = Catalog()
    source.add("Stays.")
    source.add("Stays too.")
    assert [message.id for message in update(file, source)] == ["Stays too."]
    first = file.read_bytes()
    update(file, source)
    assert file.read_bytes() == first
    with file.open("rb") as opened:
        now = read_po(opened, locale="de")
    assert {message.id: message.string for message in now if message.id} == {
        "Stays.": "Bleibt.",
        "Stays too.": "",
    }
    assert not now.obsolete
