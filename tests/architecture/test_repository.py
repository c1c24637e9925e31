"""No file of the repository holds a secret, somebody's machine's path, or a package registry's host."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, project_files

# Assembled, so that this file passes its own test.
REGISTRY_HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("deb", "debian", "org"),
        ("archive", "ubuntu", "com"),
        ("proxy", "golang", "org"),
        ("crates", "io"),
        ("nuget", "org"),
    )
]
MACHINE_PATHS = re.compile(r"(?<![\w.$}])/(?:root|work|Users/\w+|home/(?!site\b)\w+)/|\b[A-Z]:\\\\?Users\\")
SECRETS = {
    "private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/]{20}"),
    "signed token": re.compile(r"\beyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{20,}"),
    "storage account key": re.compile(r"AccountKey=(?!Eby8vdM02xNO)[A-Za-z0-9+/]{60,}"),
    "version control token": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{30,}|\bglpat-[\w-]{20}"),
    "cloud access key": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "Entra client secret": re.compile(r"(?<![\w~.-])[\w-]{3}\dQ~[\w~.-]{31,34}(?![\w~.-])"),
    "password in a URL": re.compile(r"\bhttps?://[^\s/:@\"'{}<>]+:[^\s/@\"'{}<>]+@"),
}


@pytest.fixture(scope="module")
def texts() -> dict[Path, str]:
    """Every text file of the repository."""
    return {path: path.read_text(encoding="utf-8", errors="replace") for path in project_files()}


def _found(texts: dict[Path, str], pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}"
        for path, text in texts.items()
        for match in pattern.finditer(text)
    ]


def test_the_repository_is_read(texts: dict[Path, str]) -> None:
    """The checks below look at the whole repository, this file included."""
    assert Path(__file__) in texts
    assert ROOT / "dev.py" in texts


@pytest.mark.parametrize("host", REGISTRY_HOSTS)
def test_no_file_names_a_package_registry(texts: dict[Path, str], host: str) -> None:
    """Which registry is used is the machine's configuration, never the project's."""
    assert not _found(texts, re.compile(re.escape(host)))


def test_no_file_names_a_path_of_one_machine(texts: dict[Path, str]) -> None:
    """Nothing depends on whose machine it was written on."""
    assert not _found(texts, MACHINE_PATHS)


@pytest.mark.parametrize("kind", SECRETS)
def test_no_file_holds_a_secret(texts: dict[Path, str], kind: str) -> None:
    """Secrets live in Key Vault; those of the sandbox are made when it starts."""
    assert not _found(texts, SECRETS[kind])


@pytest.mark.parametrize(
    ("kind", "example"),
    [
        ("private key", "-----BEGIN RSA " + "PRIVATE KEY-----\n" + "M" * 40),
        ("signed token", "eyJ" + "a" * 30 + ".eyJ" + "b" * 30 + "." + "c" * 30),
        ("storage account key", "AccountKey=" + "q" * 86 + "=="),
        ("version control token", "ghp_" + "a" * 36),
        ("cloud access key", "AKIA" + "B" * 16),
        ("Entra client secret", "abc8Q~" + "d" * 34),
        ("password in a URL", "https://somebody:" + "word@example.com"),
    ],
)
def test_a_secret_would_be_found(kind: str, example: str) -> None:
    """Each pattern recognises what it is for."""
    assert SECRETS[kind].search(f'value = "{example}"')


def test_a_path_of_one_machine_would_be_found() -> None:
    """Home folders are recognised, the platform's own folders are not."""
    assert MACHINE_PATHS.search("see /ho" + "me/somebody/project")
    assert MACHINE_PATHS.search("see /ro" + "ot/.cache")
    assert not MACHINE_PATHS.search("/home/site/wwwroot")
