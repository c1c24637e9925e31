"""The style sheet, the script and the icon, each under an address that changes with its content."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shared.web.services import READ

_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    media_type: str
    digest: str


def _read(path: Path) -> _File:
    body = path.read_bytes()
    return _File(body, _MEDIA_TYPES[path.suffix], hashlib.sha256(body).hexdigest()[:12])


_FILES = {path.name: _read(path) for path in (Path(__file__).parent / "static").iterdir()}

router = APIRouter()


def address(name: str) -> str:
    """Where a file is to be fetched."""
    return f"/portal/static/{_FILES[name].digest}/{name}"


@router.api_route("/portal/static/{digest}/{name}", methods=READ)
def static_file(digest: str, name: str) -> Response:
    """One file. Under an older address it is the present one, which is then not to be kept."""
    file = _FILES.get(name)
    if file is None:
        raise HTTPException(404)
    caching = "public, max-age=31536000, immutable" if digest == file.digest else "no-store"
    return Response(file.body, media_type=file.media_type, headers={"Cache-Control": caching})
