"""The catalogues' translations, and sentences from elsewhere in the app in another language."""

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from shared.web.catalogues import LOCALES
from shared.web.languages import LANGUAGES, SOURCE
from shared.web.words import words_in

TRANSLATED = sorted(set(LANGUAGES) - {SOURCE})


@cache
def read(language: str) -> Catalog:
    """The catalogue as it is in the repository."""
    with (LOCALES / language / "LC_MESSAGES" / "tenantry.po").open("rb") as file:
        return read_po(file, locale=language)


def pairs(language: str) -> Iterator[tuple[str, str]]:
    """Each message with each of its translated forms."""
    for message in read(language):
        if message.id:
            yield from _pairs(message)


def _pairs(message: Message) -> Iterator[tuple[str, str]]:
    if isinstance(message.id, str):
        yield message.id, str(message.string)
        return
    for number, form in enumerate(message.string or ()):
        yield message.id[min(number, 1)], form


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("what", [r"%\(\w+\)s", r"\{\w+\}", r"</?\w+[^>]*>", r"`[^`]*`", r"%%"])
def test_what_is_not_for_translation_is_the_same_in_every_language(language: str, what: str) -> None:
    """Values, tags with their attributes, and what is typed into programs; none is lost or made up."""
    wrong = [
        (source, said)
        for source, said in pairs(language)
        if said and sorted(re.findall(what, source)) != sorted(re.findall(what, said))
    ]
    assert not wrong


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_ends_as_its_source_does(language: str) -> None:
    """A sentence stays a sentence, a question a question, a label a label."""
    wrong = [
        (source, said)
        for source, said in pairs(language)
        if said and _end(source) != _end(said) and not source.endswith("}")
    ]
    assert not wrong


def _end(text: str) -> str:
    return text[-1] if text[-1] in ".?!…:" or text[-1].isspace() else ""


@pytest.mark.parametrize("language", TRANSLATED)
def test_quotation_marks_and_apostrophes_are_those_of_the_language(language: str) -> None:
    """Typographic ones, and nobody is shouted at."""
    wrong = [said for _, said in pairs(language) if "'" in said or "!" in said]
    wrong += [said for _, said in pairs(language) if language == "de" and "”" in said]
    assert not wrong


@pytest.mark.parametrize(
    ("said", "german"),
    [
        ("Atera is not answering.", "Atera antwortet nicht."),
        (
            "The API key for Atera expired on 2026-11-02.",
            "Der API-Schlüssel für Atera ist am 2. November 2026 abgelaufen.",
        ),
        ("1,200 of 3,400 contacts are written.", "1.200 von 3.400 Kontakten sind geschrieben."),
        (
            "Syncro cannot be reached. It is tried again by itself.",
            "Syncro ist nicht erreichbar. Es wird von selbst erneut versucht.",
        ),
        (
            "The connection is paused, so nothing was read.",
            "Die Verbindung ist angehalten, daher wurde nichts gelesen.",
        ),
        (" Nothing was changed. ", " Es wurde nichts geändert. "),
        ("A sentence of another version.", "A sentence of another version."),
        ("%(day)s {psa} %s {0}", "%(day)s {psa} %s {0}"),
        ("", ""),
    ],
)
def test_a_sentence_with_values_in_it_is_recognized(said: str, german: str) -> None:
    """Its values are kept, sentences among them translated, numbers and days written anew; the rest stays."""
    assert words_in("de").sentence(said) == german


def test_values_never_count_as_places() -> None:
    """What stands in a sentence is put into its translation as it is, whatever it looks like."""
    assert words_in("de").sentence("{psa.__class__} is not answering.") == "{psa.__class__} antwortet nicht."
    assert words_in("de").sentence("%(x)s is not answering.") == "%(x)s antwortet nicht."


@pytest.mark.parametrize(
    ("language", "number", "percent", "seconds"),
    [
        ("en", "12,345", "50%", "0.4 s"),
        ("de", "12.345", "50\u00a0%", "0,4 s"),
        ("it", "12.345", "50%", "0,4 s"),
    ],
)
def test_figures_are_written_as_the_language_writes_them(
    language: str, number: str, percent: str, seconds: str
) -> None:
    """Separators, per cent and seconds."""
    words = words_in(language)
    assert (words.number(12345), words.percent(0.5), words.duration(0.44)) == (number, percent, seconds)


@pytest.mark.parametrize(
    ("language", "passed", "said"),
    [
        ("en", timedelta(seconds=-5), "just now"),
        ("en", timedelta(seconds=59), "just now"),
        ("en", timedelta(minutes=1), "1 minute ago"),
        ("en", timedelta(hours=30), "30 hours ago"),
        ("de", timedelta(hours=16), "vor 16 Stunden"),
        ("it", timedelta(days=3), "3 giorni fa"),
    ],
)
def test_time_that_passed_is_told_in_one_unit(language: str, passed: timedelta, said: str) -> None:
    """A clock that is a little ahead is no matter."""
    assert words_in(language).ago(passed) == said
