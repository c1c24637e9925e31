"""What can be wrong with a project before its host runs."""

from __future__ import annotations


class StartupError(Exception):
    """The host cannot start; the message is one sentence for the person at the terminal."""


class FunctionError(Exception):
    """One function cannot be used; the others can. The message says what to change."""
