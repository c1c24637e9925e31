"""What is in the fields of a form, whether somebody entered it or it is what was chosen before."""

from collections.abc import Iterable, Mapping

from shared.core.text import clean

_MOST_FIELDS = 5000


class Values:
    """Text by the field's name; a field that may be chosen several times has several."""

    def __init__(self, items: Iterable[tuple[str, str]]) -> None:
        """`items`: in the order of the form."""
        self._values: dict[str, list[str]] = {}
        for number, (name, value) in enumerate(items):
            if number < _MOST_FIELDS:
                self._values.setdefault(name, []).append(value)

    @classmethod
    def of(cls, values: Mapping[str, str | Iterable[str]]) -> "Values":
        """From a mapping."""
        return cls(
            (name, text)
            for name, value in values.items()
            for text in ([value] if isinstance(value, str) else value)
        )

    @property
    def names(self) -> list[str]:
        """The fields that have something in them."""
        return list(self._values)

    def one(self, name: str) -> str:
        """The field's text; "" where there is none."""
        return self._values.get(name, [""])[0]

    def all(self, name: str) -> list[str]:
        """Everything that was chosen."""
        return self._values.get(name, [])

    def has(self, name: str, value: str = "yes") -> bool:
        """Whether the value was chosen."""
        return value in self._values.get(name, [])

    def number(self, name: str) -> int | str:
        """A number where the text is one, for the validation to say what is wrong where it is not."""
        text = self.one(name).strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text

    def rows(self, name: str) -> int:
        """How many rows a form has whose fields are `name.0.…`, `name.1.…`."""
        found = [
            int(number)
            for field in self._values
            for prefix, _, rest in [field.partition(f"{name}.")]
            for number in [rest.partition(".")[0]]
            if not prefix and number.isascii() and number.isdigit() and len(number) < 4
        ]
        return max(found, default=-1) + 1

    def lines(self, name: str) -> list[str]:
        """What stands in the lines of a text, or is divided by commas or semicolons."""
        text = self.one(name).replace(",", "\n").replace(";", "\n")
        return [line for line in (clean(line) for line in text.splitlines()) if line]
