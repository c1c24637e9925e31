"""Everything that pages say, out of the templates and the Python code."""

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract

from translations.sentences import found_in

ROOT = Path(__file__).resolve().parents[1]
LOCALES = ROOT / "shared/web/locales"

TEMPLATES = ROOT / "shared/web/templates"
_CODE = ("shared/core", "shared/services", "shared/adapters", "shared/web")
# The API, its reference, and what only the operator's command line says.
_ENGLISH = (ROOT / "shared/web/api", TEMPLATES / "api", ROOT / "shared/services/operating")
_JINJA = "jinja2.ext:babel_extract"
_OPTIONS = {"trimmed": "true", "newstyle_gettext": "true", "trim_blocks": "true", "lstrip_blocks": "true"}


def everything() -> Catalog:
    """The messages of the source language, each with the files it is in."""
    catalog = Catalog(project="Tenantry", charset="utf-8")
    for path in templates():
        with path.open("rb") as file:
            for line, message, _, context in extract(_JINJA, file, DEFAULT_KEYWORDS, options=_OPTIONS):
                catalog.add(message, locations=[(_name(path), line)], context=context)
    for folder in _CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not _english(path):
                for line, message in found_in(path.read_text(encoding="utf-8")):
                    catalog.add(message, locations=[(_name(path), line)])
    return catalog


def templates() -> list[Path]:
    """The pages that are translated."""
    return [path for path in sorted(TEMPLATES.rglob("*.html")) if not _english(path)]


def _english(path: Path) -> bool:
    return any(path.is_relative_to(place) for place in _ENGLISH)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
