"""docs/operations.md explains every problem code that the app can produce, and none that it cannot."""

from __future__ import annotations

import re
from collections import Counter

from tests.architecture.problem_codes import produced
from tests.architecture.sources import ROOT

CODES = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8").split("\n## Problem codes\n", 1)[1]
UNEXPECTED = "unexpected.…"
"""Stands for every error that the app does not know: `unexpected.` and its type."""


def _codes() -> list[str]:
    rows = re.findall(r"^\| (`.+?) \|", CODES, re.MULTILINE)
    return [code for row in rows for code in re.findall(r"`([^`]+)`", row)]


def test_every_problem_code_of_the_app_is_explained_and_no_other() -> None:
    """Whatever code an operator meets is in the page."""
    explained, made = set(_codes()), produced() | {UNEXPECTED}
    assert made - explained == set(), "say in docs/operations.md, under Problem codes, what to do about these"
    assert explained - made == set(), "nothing makes these any more"


def test_no_problem_code_is_explained_twice() -> None:
    """Two explanations would come to differ."""
    assert [code for code, times in Counter(_codes()).items() if times > 1] == []


def test_the_codes_are_found_where_they_are_made() -> None:
    """Of each way in which a code comes about, one that is known to exist."""
    assert {
        "run_held",  # a field of a struct
        "permission_missing",  # a reason by its name
        "already_set_up",  # an error whose class inherits how it is made
        "not_found",  # what a class hands to its base
        "config_invalid",  # set afterwards
        "key_vault_refused",  # made of a service's name
        "method_not_allowed",  # by its status
        "tls_failed",  # returned
    } <= produced()
