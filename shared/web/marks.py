"""How the catalogues learn of words that are chosen in one place and said in another."""


def marked(text: str) -> str:
    """The text itself. Whole sentences are found without: `python3 dev.py translate` knows them by sight."""
    return text


def marked_plural(one: str, more: str) -> tuple[str, str]:
    """The same for words that follow a number."""
    return one, more
