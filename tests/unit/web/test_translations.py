"""The catalogues hold everything that pages say, and pages say nothing else."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from jinja2 import Environment

from tests.unit.web.test_catalogues import TRANSLATED, read
from translations.__main__ import translated
from translations.extraction import TEMPLATES, everything, templates

REMEDY = "run `python3 dev.py translate`, then translate what it lists"
NAMES = {"Tenantry", "Microsoft", "365", "Entra", "ID", "Atera", "Syncro", "UTC", "API", "CSV", "MFA", "EUR"}
SPOKEN = {"alt", "aria-description", "aria-label", "label", "placeholder", "title"}
LANGUAGE = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
TEMPLATE_FILES = templates()
NAMED = re.compile(r"Microsoft 365|[A-Za-z]+(\.[A-Za-z]+)+")
"""Products and permissions."""
STYLES = {"good", "bad", "warn", "busy", "quiet", "info", "narrow", "wide", "danger", "primary"}


def identity(message: Message) -> tuple[str, str | None]:
    """What gettext looks a message up by."""
    return (message.id if isinstance(message.id, str) else message.id[0]), message.context


@pytest.fixture(scope="module")
def said() -> dict[tuple[str, str | None], Message]:
    """Every message of templates and code."""
    return {identity(message): message for message in everything() if message.id}


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_is_translated_in_full(
    said: dict[tuple[str, str | None], Message], language: str
) -> None:
    """Each has a translation that somebody was sure of, in the singular and every plural of the language."""
    catalog = read(language)
    kept = {identity(message): message for message in catalog if message.id}
    wrong = [
        key
        for key, message in said.items()
        if key not in kept
        or not translated(kept[key])
        or (isinstance(message.id, tuple | list) and len(kept[key].string or ()) != catalog.num_plurals)
    ]
    assert not wrong, REMEDY


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_message_is_left_over(said: dict[tuple[str, str | None], Message], language: str) -> None:
    """What nothing says any more is not kept."""
    catalog = read(language)
    wrong = [identity(message) for message in catalog if message.id and identity(message) not in said]
    assert not wrong, REMEDY
    assert not catalog.obsolete, REMEDY


@pytest.mark.parametrize("path", TEMPLATE_FILES, ids=lambda path: path.relative_to(TEMPLATES).as_posix())
def test_a_template_says_nothing_that_is_not_marked(path: Path) -> None:
    """Neither in its text nor in what is read aloud; names of products excepted."""
    reader = _Reader()
    reader.feed("".join(_unmarked(path.read_text(encoding="utf-8"))))
    reader.close()
    texts = [re.sub(r'[\w-]+="[^"]*"', "", text) for text in reader.texts]  # macros make attributes too
    words = [word for text in texts for word in re.findall(r"[^\W\d_]{2,}|\d+", text)]
    assert not [word for word in words if word not in NAMES | STYLES]


@pytest.mark.parametrize("path", TEMPLATE_FILES, ids=lambda path: path.relative_to(TEMPLATES).as_posix())
def test_an_expression_says_nothing_that_is_not_marked(path: Path) -> None:
    """A text inside an expression that begins as a label does is an argument of a gettext function."""
    source, wrong = path.read_text(encoding="utf-8"), []
    tokens = [token for token in LANGUAGE.lex(source) if token[1] not in {"whitespace", "comment"}]
    marked = False
    for number, (_, kind, value) in enumerate(tokens):
        text = value[1:-1]
        if kind == "string" and text[:1].isupper() and text not in NAMES and not NAMED.fullmatch(text):
            before = [token[2] for token in tokens[max(0, number - 4) : number]]
            marked = any(name in before for name in ("_", "gettext", "pgettext", "ngettext"))
            wrong += [] if marked else [value]
    assert not wrong


def _unmarked(source: str) -> Iterator[str]:
    """The markup without what is between `trans` and `endtrans`; an expression is one space."""
    inside, tag = False, ""
    for _, kind, value in LANGUAGE.lex(source):
        if kind == "block_begin":
            tag = ""
        elif kind == "name" and tag == "":
            tag = value
            inside = (inside or value == "trans") and value != "endtrans"
        elif kind == "data" and not inside:
            yield value
        elif kind in {"variable_end", "block_end"}:
            tag = "done"
            yield " "
        elif kind == "variable_begin":
            tag = "done"


class _Reader(HTMLParser):
    """Collects what a page shows and what a screen reader says."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in {"code", "script", "style"}
        self.texts += [value or "" for name, value in attrs if name in SPOKEN]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"code", "script", "style"}

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.texts.append(data)
