"""Writes the document to a file: `python -m shared.web.api.description FILE`."""

import json
import sys
from pathlib import Path

from shared.web.api import router
from shared.web.api.description.document import document

SERVER = "https://tenantry.example"


def text() -> str:
    """The document as the file holds it."""
    return json.dumps(document(router.routes, SERVER), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), encoding="utf-8")
