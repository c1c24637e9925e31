"""Docstrings as texts for readers."""

import re

_BREAK = re.compile(r"\n\s*\n")
_INTERNAL = re.compile(r" \(`shared\.[\w.]+`\)|; see `shared\.[\w.]+`")


def paragraphs(docstring: str) -> str:
    """The text in paragraphs of one line each, without references to modules."""
    parts = (" ".join(part.split()) for part in _BREAK.split(_INTERNAL.sub("", docstring)))
    return "\n\n".join(part for part in parts if part)


def first_sentence(text: str) -> str:
    """Up to the first full stop that ends a sentence."""
    first = text.partition("\n")[0]
    end = re.search(r"\.(?=\s|$)", first)
    return first[: end.end()] if end else first
