"""Bring the catalogues up to date with the code and the templates, and say what is still to be translated."""

import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from translations.extraction import LOCALES, everything


def main() -> int:
    """Update every catalogue; returns 1 while something is untranslated."""
    source, missing = everything(), 0
    for file in sorted(LOCALES.glob("*/LC_MESSAGES/tenantry.po")):
        open_ones = update(file, source)
        missing += len(open_ones)
        print(f"{file.parent.parent.name}: {len(source)} messages, {len(open_ones)} to be translated")
        for message in open_ones:
            print(f"  {message.id!r}")
    return 1 if missing else 0


def update(file: Path, source: Catalog) -> list[Message]:
    """Add to a catalogue what is new and drop what is gone; returns what has no translation."""
    with file.open("rb") as opened:
        catalog = read_po(opened, locale=file.parent.parent.name)
    source.creation_date = catalog.creation_date  # or every update would be a change
    catalog.update(source, no_fuzzy_matching=True)
    with file.open("wb") as opened:
        write_po(opened, catalog, width=100, sort_by_file=True, ignore_obsolete=True, include_lineno=False)
    return [message for message in catalog if message.id and not translated(message)]


def translated(message: Message) -> bool:
    """Whether it can be said in full: singular and plural, and by somebody who was sure."""
    forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return all(forms) and not message.fuzzy


if __name__ == "__main__":
    sys.exit(main())
