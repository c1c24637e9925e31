"""What each refusal of Microsoft's token endpoint means for a connection."""

from __future__ import annotations

import pytest

from shared.adapters.entra.errors import token_error
from shared.core.errors import ActionRequired, OperatorError, RetryLater

CONSENT, GONE = "consent_revoked", "tenant_not_found"
RULE, SIGN_IN = "conditional_access_blocked", "sign_in_expired"
ACTIONS = [
    (65001, "invalid_grant", CONSENT),
    (65004, "consent_required", CONSENT),
    (7000229, "invalid_client", CONSENT),
    (700016, "unauthorized_client", CONSENT),
    (7000112, "unauthorized_client", CONSENT),
    (7000112, "invalid_client", CONSENT),
    (650051, "invalid_client", CONSENT),
    (90002, "invalid_request", GONE),
    (5000224, "invalid_request", GONE),
    (50076, "interaction_required", RULE),
    (50079, "interaction_required", RULE),
    (53003, "invalid_grant", RULE),
    (530003, "invalid_grant", RULE),
    (70043, "invalid_grant", RULE),
    (700082, "invalid_grant", SIGN_IN),
    (70008, "invalid_grant", SIGN_IN),
    (50173, "invalid_grant", SIGN_IN),
    (50057, "invalid_grant", SIGN_IN),
]
OWN = [
    (7000215, "invalid_client"),
    (7000222, "invalid_client"),
    (700027, "invalid_client"),
    (700213, "invalid_client"),
    (700038, "unauthorized_client"),
    (500011, "invalid_resource"),
    (7000218, "invalid_request"),
]
LATER = [90033, 90024, 50033, 90006, 50196, 90055]


@pytest.mark.parametrize(("code", "error", "ours"), ACTIONS)
def test_a_refusal_that_the_customer_can_mend(code: int, error: str, ours: str) -> None:
    """Somebody at the customer must act, and the reason says how."""
    found = token_error({"error": error, "error_codes": [code]})
    assert isinstance(found, ActionRequired)
    assert found.code == ours
    assert found.detail


@pytest.mark.parametrize(("code", "error"), OWN)
def test_a_refusal_of_our_own_credential(code: int, error: str) -> None:
    """The operator is told; no customer's connection is stopped for it."""
    found = token_error({"error": error, "error_codes": [code]})
    assert isinstance(found, OperatorError)
    assert found.code == "credential_refused"


@pytest.mark.parametrize("code", LATER)
@pytest.mark.parametrize("error", ["invalid_grant", "temporarily_unavailable", "invalid_client"])
def test_a_refusal_that_passes(code: int, error: str) -> None:
    """Whatever it calls itself."""
    found = token_error({"error": error, "error_codes": [code]})
    assert isinstance(found, RetryLater)
    assert found.code == "entra_unavailable"


@pytest.mark.parametrize("error", ["temporarily_unavailable", "server_error"])
def test_an_outage_needs_no_code(error: str) -> None:
    """OAuth has words of its own for it (RFC 6749, 4.1.2.1)."""
    assert isinstance(token_error({"error": error}), RetryLater)


@pytest.mark.parametrize(
    ("code", "copied"), [(7000229, True), (700016, True), (650051, True), (65001, False)]
)
def test_right_after_a_consent_it_may_only_be_late(code: int, copied: bool) -> None:
    """Microsoft copies a consent to all of its servers, and those that lack it yet say what they see."""
    found = token_error({"error": "invalid_client", "error_codes": [code]})
    assert isinstance(found, ActionRequired)
    assert found.replicating is copied


@pytest.mark.parametrize(
    "answer", [{"error": "invalid_client"}, {"error": "invalid_client", "error_codes": [1]}]
)
def test_an_unknown_refusal_of_the_client_is_ours(answer: dict[str, object]) -> None:
    """By its OAuth error; the number need not be known."""
    assert isinstance(token_error(answer), OperatorError)


@pytest.mark.parametrize(
    "answer", [{}, {"error": "invalid_grant"}, {"error": "invalid_grant", "error_codes": [7]}]
)
def test_an_unknown_refusal_asks_for_a_new_consent(answer: dict[str, object]) -> None:
    """That is what mends most of them."""
    assert isinstance(token_error(answer), ActionRequired)


def test_the_text_does_not_decide() -> None:
    """It may change, and it may name people, so nothing of it is passed on."""
    text = "AADSTS7000215: Invalid client secret for someone@contoso.example"
    found = token_error({"error": "invalid_grant", "error_codes": [50173], "error_description": text})
    assert isinstance(found, ActionRequired)
    assert "contoso" not in f"{found} {found.title} {found.detail}"
