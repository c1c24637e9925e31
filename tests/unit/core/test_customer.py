"""API keys are shown once, kept as a hash, and checked whole."""

from datetime import UTC, datetime

import msgspec
import pytest

from shared.core.api_key import new_api_key, parse_api_key
from shared.core.customer import new_account_id
from tests.contract.contracts.values import HOSTILE

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_a_new_key_accepts_its_own_secret_only() -> None:
    """The text holds account, key and secret; the key holds no secret."""
    key, text = new_api_key(new_account_id(), "label", NOW)
    parsed = parse_api_key(text)
    assert parsed is not None
    account_id, key_id, secret = parsed
    assert (account_id, key_id) == (key.account_id, key.id)
    assert key.accepts(secret, NOW)
    assert not key.accepts(secret[:-1] + ("0" if secret[-1] != "0" else "1"), NOW)
    assert not key.accepts("", NOW)
    assert secret not in msgspec.json.encode(key).decode()


def test_a_revoked_key_accepts_nothing() -> None:
    """Not even its own secret."""
    key, text = new_api_key(new_account_id(), "label", NOW)
    revoked = msgspec.structs.replace(key, revoked_at=NOW)
    assert not revoked.accepts(text.rpartition("_")[2], NOW)


def test_no_two_keys_are_alike() -> None:
    """Neither ids nor texts."""
    made = [new_api_key("0" * 16, "label", NOW) for _ in range(50)]
    assert len({text for _, text in made}) == len({key.id for key, _ in made}) == 50


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tnt_",
        "tnt_" + "0" * 16 + "_" + "0" * 8 + "_" + "0" * 63,
        "tnt_" + "0" * 16 + "_" + "0" * 8 + "_" + "0" * 65,
        "tnt_" + "G" * 16 + "_" + "0" * 8 + "_" + "0" * 64,
        "tnt_" + "0" * 16 + "_" + "0" * 8 + "_" + "0" * 64 + "\n",
        "x" + "tnt_" + "0" * 16 + "_" + "0" * 8 + "_" + "0" * 64,
        *HOSTILE,
    ],
)
def test_what_is_no_key_is_not_looked_up(text: str) -> None:
    """Anything may come in a header."""
    assert parse_api_key(text) is None
