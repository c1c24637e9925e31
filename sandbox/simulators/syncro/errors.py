"""The refusals of the API, each with its status and its body."""

from __future__ import annotations

from typing import Any

from sandbox.simulators.syncro.behaviour import Behaviour

UNAUTHENTICATED = "Failed to authenticate account"
SUSPENDED = "This account is suspended. Please contact billing."
Body = dict[str, Any]


class Refusal(Exception):
    """A request that is refused: its status, and a body that is JSON, or HTML when it is a text."""

    def __init__(self, status: int, body: Body | str) -> None:
        super().__init__(status)
        self.status, self.body = status, body


def not_found() -> Refusal:
    """404: there is no such record in the account, nor such a call."""
    return Refusal(404, {"message": "Not found"})


def no_such_site() -> Refusal:
    """404 as the host of all subdomains answers it for one that nobody has."""
    return Refusal(404, page("The page you were looking for doesn't exist."))


def not_authorized() -> Refusal:
    """401: the token lacks a permission."""
    text = "Not authorized. Please ask account admin to update your group permissions."
    return Refusal(401, {"error": text})


def unauthenticated(behaviour: Behaviour) -> Refusal:
    """401: there is no token, or none that is valid; only the text is known, not what is around it."""
    if behaviour.unauthenticated == "html401":
        return Refusal(401, page(UNAUTHENTICATED))
    return Refusal(401, {"error": UNAUTHENTICATED})


def suspended(behaviour: Behaviour) -> Refusal:
    """The account is closed for a while; neither the status nor the text is known."""
    return Refusal(behaviour.suspended_status, {"error": SUSPENDED})


def malformed() -> Refusal:
    """400 as Rails answers a body that is no JSON."""
    return Refusal(400, {"status": 400, "error": "Bad Request"})


def page(sentence: str) -> str:
    """Return a page of HTML that says one sentence."""
    head = f"<head><title>{sentence}</title></head>"
    return f"<!DOCTYPE html>\n<html>{head}<body><h1>{sentence}</h1></body></html>\n"
