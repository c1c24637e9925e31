"""What webhooks are signed with: one secret, and after a change the one before for a while."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

OVERLAP = timedelta(hours=24)
"""How long the former secret signs along, so that a receiver can change at its leisure."""
_BYTES = 32
_MOST = 5  # signatures in one header


class SigningSecret(msgspec.Struct, frozen=True, omit_defaults=True):
    """A secret as Standard Webhooks writes it (`whsec_` and base64); `until`: None for the present one."""

    secret: str
    until: datetime | None = None


_decoder = msgspec.json.Decoder(tuple[SigningSecret, ...])


def new_secret() -> str:
    """256 bits of chance."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(_BYTES)).decode()}"


def changed(kept: str | None, fresh: str, now: datetime) -> str:
    """What is to be kept in the vault after the secret was changed. `kept`: what is there."""
    before = () if kept is None else _decoder.decode(kept)
    until = now + OVERLAP
    former = [msgspec.structs.replace(one, until=until if one.until is None else one.until) for one in before]
    still = [one for one in former if one.until is not None and one.until > now]
    return msgspec.json.encode([SigningSecret(fresh), *still][:_MOST]).decode()


def in_force(kept: str, now: datetime) -> Sequence[str]:
    """The secrets to sign with, the present one first."""
    return [one.secret for one in _decoder.decode(kept) if one.until is None or one.until > now]
