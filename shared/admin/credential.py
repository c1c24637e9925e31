"""`credential`: what the app proves to Microsoft who it is with."""

import base64
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from shared.admin.output import Json, moment, show
from shared.admin.running import act, look, refuse
from shared.operations import Operations
from shared.services.operating.credential import Credential

app = typer.Typer(no_args_is_help=True, help="The credential of the app registration.")

Tenant = Annotated[
    str | None,
    typer.Option(help="Whose token is asked for; without, that of a connected customer."),
]
File = Annotated[
    Path | None,
    typer.Option("--file", help="Where the new one is; without, or with -, it is read from standard input."),
]
_STDIN = Path("-")


@app.command("show")
def show_credential(as_json: Json = False) -> None:
    """Show what kind it is, and its versions in Key Vault; never its value."""
    found = look("credential show", {}, lambda operations: operations.credential.show(), as_json=as_json)
    show(_document(found), as_json=as_json)


@app.command("prove")
def prove(
    tenant: Tenant = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", help="Prove this one, which nobody uses yet; - for standard input."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Have Microsoft take the credential in Key Vault, or another one that is kept nowhere."""
    value = None if file is None else _read(file, as_json=as_json)

    async def proven(operations: Operations, _: dict[str, str]) -> dict[str, Any]:
        return {"proven": True, "tenant": await operations.credential.prove(tenant, value)}

    show(act("credential prove", {"tenant": tenant}, proven, as_json=as_json), as_json=as_json)


@app.command("rotate")
def rotate(file: File = None, tenant: Tenant = None, as_json: Json = False) -> None:
    """Put a new client secret into Key Vault, once Microsoft has taken it. The former one stays readable."""
    value = _read(file or _STDIN, as_json=as_json)

    async def rotated(operations: Operations, _: dict[str, str]) -> Credential:
        return await operations.credential.rotate(value, tenant)

    found = act("credential rotate", {"tenant": tenant}, rotated, as_json=as_json)
    show(_document(found), as_json=as_json)


@app.command("retire")
def retire(as_json: Json = False) -> None:
    """Disable the former versions in Key Vault, an hour after the newest was made at the earliest."""

    async def retired(operations: Operations, more: dict[str, str]) -> dict[str, Any]:
        versions = await operations.credential.retire()
        more["versions"] = " ".join(versions)
        return {"disabled": versions}

    show(act("credential retire", {}, retired, as_json=as_json), as_json=as_json)


def _read(file: Path, *, as_json: bool) -> str:
    """The credential. It is never an argument: everybody on a machine can read those."""
    try:
        data = sys.stdin.buffer.read() if file == _STDIN else file.read_bytes()
    except OSError as error:
        refuse(
            "file_unreadable",
            f"The file cannot be read ({error.strerror}).",
            "Check --file.",
            as_json=as_json,
        )
    try:
        value = data.decode().strip()
    except UnicodeDecodeError:  # PKCS #12, which Key Vault keeps as base64
        value = base64.b64encode(data).decode()
    if not value:
        refuse(
            "credential_empty",
            "There is nothing in what was given.",
            "Pipe the new credential in, or name its file with --file.",
            as_json=as_json,
        )
    return value


def _document(found: Credential) -> dict[str, Any]:
    document: dict[str, Any] = {"kind": found.kind}
    if found.name is None:
        return {**document, "rotation": "not needed: Azure renews what the managed identity is proven with"}
    versions = [
        {
            "id": version.id,
            "created": moment(version.created_at),
            "expires": moment(version.expires_at),
            "enabled": version.enabled,
        }
        for version in found.versions
    ]
    return {**document, "name": found.name, "versions": versions}
