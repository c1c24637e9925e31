"""What the pages say in another language, and how sentences that come from elsewhere in the app get there."""

import io
import re
from collections.abc import Iterable
from datetime import date
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel import Locale
from babel.dates import format_date
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

LOCALES = Path(__file__).parent / "locales"

_ENGLISH = Locale.parse("en_GB")
_PLACE = re.compile(r"\{(\w+)\}")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_LONGEST = 2000  # characters of a sentence


class Catalogue:
    """One language's catalogue.

    The rest of the app speaks English: its sentences are stored with runs and sent to programs. `sentence`
    says them in this language. One with values in it, as `Atera is not answering.`, is in the catalogue as
    its form, `{psa} is not answering.`, and recognized by it.
    """

    def __init__(self, translations: NullTranslations, locale: Locale, forms: Iterable[str] = ()) -> None:
        """`forms`: the messages with values in braces; of two that fit, the one that says more itself."""
        self.translations, self.locale = translations, locale
        ordered = sorted(set(forms), key=lambda form: len(_PLACE.sub("", form)), reverse=True)
        self._forms = [(form, _pattern(form)) for form in ordered]

    def sentence(self, text: str) -> str:
        """The text in this language; as it is where the catalogue does not know it."""
        bare = text.strip()
        said = self.translations.gettext(bare) if bare else ""
        if said == bare:
            said = self._value(bare) or self._with_values(bare)
        return text.replace(bare, said) if bare else text

    def _with_values(self, text: str) -> str:
        if len(text) > _LONGEST:
            return text
        for form, pattern in self._forms:
            found = pattern.fullmatch(text)
            if found is not None:
                values = {name: self.sentence(value) for name, value in found.groupdict().items()}
                return self.translations.gettext(form).format_map(values)
        return text

    def _value(self, text: str) -> str:
        """A number or a day, as this language writes it; else nothing."""
        if _GROUPED.fullmatch(text):
            return format_decimal(int(text.replace(",", "")), locale=self.locale)
        if _DAY.fullmatch(text):
            return format_date(date.fromisoformat(text), "long", locale=self.locale)
        return ""


@cache
def catalogue(language: str) -> Catalogue:
    """The catalogue, read when somebody first asks for the language; English needs none."""
    file = LOCALES / language / "LC_MESSAGES" / "tenantry.po"
    if not file.is_file():
        return Catalogue(NullTranslations(), _ENGLISH)
    with file.open("rb") as opened:
        return compiled(read_po(opened, locale=language))


def compiled(catalog: Catalog) -> Catalogue:
    """The catalogue as pages use it."""
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    buffer.seek(0)
    forms = [
        message.id
        for message in catalog
        if isinstance(message.id, str) and message.string and _PLACE.search(message.id)
    ]
    return Catalogue(GNUTranslations(buffer), catalog.locale or _ENGLISH, forms)


def _pattern(form: str) -> re.Pattern[str]:
    seen, pattern = set[str](), ""
    for number, part in enumerate(_PLACE.split(form)):
        if number % 2 == 0:
            pattern += re.escape(part)
        else:
            pattern += f"(?P={part})" if part in seen else f"(?P<{part}>.*?)"
            seen.add(part)
    return re.compile(pattern, re.DOTALL)
