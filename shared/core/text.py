"""Directory text made safe to keep and addresses made comparable; both inputs are hostile."""

import re
import unicodedata
from functools import lru_cache

import idna

# Embedding, override and isolate controls can reorder whatever is printed next to a name. The plain
# marks U+200E and U+200F stay: names in right-to-left scripts need them.
_REORDERING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))]  # all of Unicode's category Cc
_REMOVED = {ord(character): None for character in (*_REORDERING, *_CONTROLS) if not character.isspace()}
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\\\"]+@[^\s@<>()\[\],;:\\\"]+")
_LONGEST_LABEL = 320  # characters; Microsoft Graph gives 256 to a display name
_LONGEST_ADDRESS = 320  # RFC 3696 erratum 1690: 64 for the local part, "@", 255 for the domain.


def clean(value: str | None) -> str:
    """One line of text: NFC, no control or reordering characters, white space collapsed and trimmed."""
    if not value:
        return ""
    # Nothing printable is a control, or white space other than the plain space.
    plain = value.isprintable() and "  " not in value
    if plain and (value.isascii() or unicodedata.is_normalized("NFC", value)):
        return value.strip()
    # Removing comes first: what it brings together may be white space, or one letter in two parts.
    return " ".join(unicodedata.normalize("NFC", value.translate(_REMOVED)).split())


def label(value: str | None) -> str:
    """A name that is only shown: cleaned, and cut where no honest one goes on."""
    return clean(value)[:_LONGEST_LABEL].rstrip()


def lines(value: str | None) -> list[str]:
    """The lines of a text that are not empty, each cleaned."""
    if not value:
        return []
    parts = [value] if value.isprintable() else value.splitlines()  # no line break is printable
    return [line for part in parts if (line := clean(part))]


def normalized_email(address: str) -> str:
    """The form in which two spellings of one mailbox are equal: NFC, lower case, trimmed, an ASCII domain.

    Mail systems compare addresses without case, and a domain's Unicode and ASCII forms (IDNA 2008) are one
    domain. Nothing else is folded: two different mailboxes must never become one.
    """
    if address.isascii():
        plain = address.strip().lower()
        return address if address == plain else plain  # the same text, not another one like it
    local, at, domain = unicodedata.normalize("NFC", address).strip().lower().rpartition("@")
    return f"{local}{at}{_ascii(domain)}"


@lru_cache(maxsize=1024)
def _ascii(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return domain


def is_email(address: str) -> bool:
    """Whether the text can be somebody's address.

    The `#EXT#` name of a guest looks like one, but no mailbox answers to it.
    """
    return (
        len(address) <= _LONGEST_ADDRESS
        and "#ext#" not in address.lower()
        and _ADDRESS.fullmatch(address) is not None
    )
