"""Who uses the command line: whom their credential says, or else who is signed in to this machine."""

import base64
import getpass
import hashlib
import socket

import msgspec
from azure.core.credentials_async import AsyncTokenCredential

from shared.adapters.azure_errors import translated
from shared.core.audit import Operator

_SCOPE = "https://storage.azure.com/.default"


class _Claims(msgspec.Struct, frozen=True):
    oid: str = ""
    upn: str = ""
    unique_name: str = ""
    app_displayname: str = ""
    appid: str = ""


class SignedInOperator:
    """Implements WhoActs by the token that opens storage: the very one that lets them act."""

    def __init__(self, identity: AsyncTokenCredential) -> None:
        """`identity`: as for storage."""
        self._identity = identity

    async def operator(self) -> Operator:
        """See WhoActs."""
        with translated("Table Storage"):
            token = await self._identity.get_token(_SCOPE)
        claims = _claims(token.token)
        name = claims.upn or claims.unique_name or claims.app_displayname or claims.appid
        return Operator(claims.oid or "unknown", name or "unknown")


class LocalOperator:
    """Implements WhoActs where storage is opened by a key, which says nothing of who has it."""

    async def operator(self) -> Operator:
        """See WhoActs."""
        try:
            name = getpass.getuser()
        except (OSError, KeyError):  # a container without users
            name = "unknown"
        digest = hashlib.blake2b(f"{name}@{socket.gethostname()}".encode(), digest_size=8)
        return Operator(f"local-{digest.hexdigest()}", name)


def _claims(token: str) -> _Claims:
    """What the token says of its holder. Storage checks the signature; a forged one opens nothing."""
    try:
        body = token.split(".")[1]
        return msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=_Claims)
    except (IndexError, ValueError):
        return _Claims()
