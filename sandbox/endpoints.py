"""Where everything in a running sandbox is: the typed content of `.sandbox/endpoints.json`."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

FILE = Path(__file__).resolve().parent.parent / ".sandbox" / "endpoints.json"


class World(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The simulated outside world: a base URL each; every one has a control surface at `/_control/`."""

    entra_url: str
    graph_url: str
    key_vault_url: str
    atera_url: str
    syncro_url: str


class PsaAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account in a simulated PSA; `control_id` names it on the control surface, `key` opens its API."""

    control_id: str
    key: str


class Psas(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The seeded account in each PSA; Syncro's `control_id` is its subdomain too."""

    atera: PsaAccount
    syncro: PsaAccount


class Endpoints(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that somebody needs who wants to talk to a running sandbox.

    `app_url` is the app itself, with the API under `/api/v1` and the portal under `/portal`; `api_key` is a
    key for that API, `master_key` the one of the Functions host, for `/admin/functions/NAME`. `psas` has keys
    of the simulated PSAs, for accounts of the app. `ca_file` is the certificate to trust for the https
    addresses. `settings_file` is the app's local.settings.json, `run_directory` holds the logs. `process_id`
    is the sandbox's own.
    """

    app_url: str
    api_key: str
    master_key: str
    world: World
    psas: Psas
    client_id: str
    storage_connection_string: str
    ca_file: str
    settings_file: str
    run_directory: str
    process_id: int

    @property
    def api_url(self) -> str:
        """The base URL of the HTTP API."""
        return f"{self.app_url}/api/v1"

    @property
    def portal_url(self) -> str:
        """The address of the portal."""
        return f"{self.app_url}/portal"

    def write(self, path: Path = FILE) -> None:
        """Write it for others to read; it holds keys, so only for the same user."""
        write_private(path, msgspec.json.format(msgspec.json.encode(self), indent=2))

    @classmethod
    def read(cls, path: Path = FILE) -> Endpoints:
        """Read what a running sandbox wrote; raises FileNotFoundError when none runs."""
        return msgspec.json.decode(path.read_bytes(), type=cls)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
