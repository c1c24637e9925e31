"""`credential`: another one is proven before it takes the place of the one in use."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.fakes import World, settings
from tests.unit.admin.conftest import CommandLine

NAME = "entra-client-secret"
TENANT = "7e4a47e4-0000-4000-8000-00000000000f"


@pytest.fixture(autouse=True)
def own(call: CommandLine) -> None:
    call.world.versions.accepted.update({"the old one", "the new one"})
    call.wait(call.world.secrets.set(NAME, "the old one"))


def test_it_is_shown_without_its_value(call: CommandLine) -> None:
    """What kind it is, and when each version was made."""
    shown = call.json("credential", "show")
    assert (shown["kind"], shown["name"], len(shown["versions"])) == ("secret", NAME, 1)
    assert "the old one" not in str(shown)


def test_a_managed_identity_has_nothing_to_rotate(call: CommandLine) -> None:
    """It says so, and that nobody has to act."""
    federated = settings(
        entra_client_secret_name=None,
        entra_managed_identity_client_id="00000000-0000-4000-8000-0000000000bb",
    )
    call.world = World(federated)
    shown = call.json("credential", "show")
    assert shown["kind"] == "managed_identity"
    assert "not needed" in shown["rotation"]
    error = call("credential", "rotate", "--json", given="the new one")
    assert error.exit_code == 1
    assert '"actor": "nobody"' in error.stderr


def test_a_new_secret_is_proven_and_then_kept(call: CommandLine) -> None:
    """Of a tenant that is named, or of a connected customer; the former version stays readable."""
    shown = call.json("credential", "rotate", "--tenant", TENANT, given="the new one\n")
    assert call.world.secrets.values[NAME] == "the new one"
    assert [version["enabled"] for version in shown["versions"]] == [True, True]
    assert call.world.versions.asked == [("the new one", TENANT)]
    call.wait(call.world.connected("ada"))
    assert call.json("credential", "prove")["tenant"] == "7e4a47e4-0000-4000-8000-000000000001"


def test_a_secret_that_microsoft_refuses_changes_nothing(call: CommandLine) -> None:
    """The one in use stays the one in use."""
    result = call("credential", "rotate", "--tenant", TENANT, "--json", given="a wrong one")
    assert result.exit_code == 1
    assert "credential_refused" in result.stderr
    assert call.world.secrets.values[NAME] == "the old one"
    assert call.acts[-1].outcome == "credential_refused"


def test_a_secret_is_never_an_argument(call: CommandLine, tmp_path: Path) -> None:
    """It comes by standard input or in a file, and is in no log, no row and no output."""
    file = tmp_path / "secret"
    file.write_text("the new one\n")
    result = call("credential", "rotate", "--file", str(file), "--tenant", TENANT)
    assert result.exit_code == 0
    assert "the new one" not in result.output + repr(call.world.audit.rows)
    assert call("credential", "rotate", "the new one").exit_code == 2
    assert call.error("credential", "rotate", "--file", str(tmp_path / "none"), status=2)["code"] == (
        "file_unreadable"
    )
    assert call("credential", "rotate", "--json", given="\n").exit_code == 2


def test_a_candidate_can_be_proven_without_being_kept(call: CommandLine, tmp_path: Path) -> None:
    """So that a certificate is known to work before it is imported."""
    file = tmp_path / "candidate"
    file.write_text("the new one")
    assert call.json("credential", "prove", "--file", str(file), "--tenant", TENANT)["proven"] is True
    assert call.world.secrets.values[NAME] == "the old one"


def test_a_certificate_is_renewed_by_the_vault(call: CommandLine) -> None:
    """A secret may not take the place of one; the way to renew it is named."""
    call.world = World(settings(entra_client_secret_name=None, entra_client_certificate_name="certificate"))
    result = call("credential", "rotate", "--json", given="-----BEGIN")
    assert result.exit_code == 1
    assert "certificate_renewed_in_vault" in result.stderr
    assert "certificate" not in call.world.secrets.values


def test_without_a_customer_a_tenant_must_be_named(call: CommandLine) -> None:
    """Microsoft is asked for a token of some tenant that knows the app."""
    assert call.error("credential", "prove")["code"] == "no_tenant_to_ask"


def test_former_versions_are_retired_after_a_while(call: CommandLine) -> None:
    """Not before the new one has been in use for an hour, and never the newest."""
    call.json("credential", "show")
    call.json("credential", "rotate", "--tenant", TENANT, given="the new one")
    assert call.error("credential", "retire")["code"] == "credential_too_new"
    call.world.clock.advance(timedelta(hours=1))
    assert len(call.json("credential", "retire")["disabled"]) == 1
    assert [version["enabled"] for version in call.json("credential", "show")["versions"]] == [True, False]
    assert call.json("credential", "retire")["disabled"] == []
