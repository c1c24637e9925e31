"""Values as people read them, in their language."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache

from babel.dates import format_date, format_time, format_timedelta
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent
from starlette.requests import Request

from shared.core.account_destination import DestinationKind
from shared.web.catalogues import Catalogue, catalogue
from shared.web.fields import LABELS
from shared.web.languages import SOURCE, language_of
from shared.web.reasons import why

PSA_NAMES = {DestinationKind.ATERA: "Atera", DestinationKind.SYNCRO: "Syncro"}
"""What people call the PSAs."""
_A_MINUTE = timedelta(minutes=1)


class Words:
    """What a page says in one language."""

    def __init__(self, language: str, catalogue: Catalogue) -> None:
        """`language`: its code, as in `lang`."""
        self.language, self.catalogue, self.locale = language, catalogue, catalogue.locale

    def gettext(self, message: str, **values: object) -> str:
        """A message of the catalogue, with the values it names as `%(name)s`."""
        return self.catalogue.translations.gettext(message) % values

    def ngettext(self, one: str, more: str, number: int, **values: object) -> str:
        """The same in the singular or plural; the number is `%(num)s`."""
        message = self.catalogue.translations.ngettext(one, more, number)
        return message % {"num": self.number(number), **values}

    def sentence(self, text: str) -> str:
        """What another part of the app says in English, in this language."""
        return self.catalogue.sentence(text)

    def utc_text(self, at: datetime) -> str:
        """A moment; the page's script puts it into the reader's own time zone."""
        at = at.astimezone(UTC)
        time = format_time(at.time(), "short", locale=self.locale)
        return self.gettext("%(day)s, %(time)s UTC", day=self.day(at.date()), time=time)

    def day(self, on: date) -> str:
        """`20 November 2026`."""
        return format_date(on, "long", locale=self.locale)

    def duration(self, seconds: float) -> str:
        """`0.4 s`, `12 s`, `3 min 20 s`: symbols of the SI, which are the same in every language."""
        if seconds < 10:
            return f"{format_decimal(seconds, '0.0', self.locale)} s"
        minutes, rest = divmod(round(seconds), 60)
        return f"{self.number(minutes)} min {rest} s" if minutes else f"{rest} s"

    def ago(self, passed: timedelta) -> str:
        """`30 hours ago`: in a unit of which there are two at least. Clocks may differ by a little."""
        if passed < _A_MINUTE:
            return self.gettext("just now")
        return format_timedelta(-passed, "minute", 2, add_direction=True, locale=self.locale)

    def number(self, value: float) -> str:
        """With separators between the thousands."""
        return format_decimal(value, locale=self.locale)

    def money(self, value: Decimal) -> str:
        """An amount with two decimals; what currency it is goes without saying."""
        return format_decimal(value, "#,##0.00", locale=self.locale)

    def percent(self, share: float) -> str:
        """A share of 1 in whole per cent."""
        return format_percent(share, locale=self.locale)

    def listed(self, items: Iterable[str]) -> str:
        """`one, two and three`."""
        return format_list(list(items), "standard", locale=self.locale)

    @staticmethod
    def enumerated(items: Iterable[str]) -> str:
        """`one, two, three`: figures side by side rather than a sentence."""
        return ", ".join(items)

    def field(self, name: str) -> str:
        """A contact's field by its label: `mobile_phone` is Mobile phone."""
        return self.gettext(LABELS[name]) if name in LABELS else name.replace("_", " ").capitalize()

    def why(self, code: str) -> str | None:
        """The sentence for a reason code, or None for one that an older or newer version wrote."""
        known = why(code)
        return None if known is None else self.sentence(known)


def utc(at: datetime) -> str:
    """The machine's form, for `datetime` attributes."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@cache
def words_in(language: str) -> Words:
    """The words of a language."""
    return Words(language, catalogue(language))


def words_of(request: Request) -> Words:
    """The words of the language that the request gets."""
    return words_in(language_of(request))


def english() -> Words:
    """What the API speaks."""
    return words_in(SOURCE)
