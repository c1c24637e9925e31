"""What a refusal of the token endpoint means for a connection.

Decided by `error` and `error_codes`, never by the text (Microsoft Learn, "Microsoft Entra authentication and
authorization error codes"; the text may change and may name people).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from shared.core.errors import OperatorError, RetryLater, TenantryError
from shared.core.reasons import reason

_ACTION: dict[frozenset[int], str] = {
    frozenset({65001, 65004, 7000229, 700016, 7000112, 650051, 650052}): "consent_revoked",
    frozenset({90002, 5000224}): "tenant_not_found",
    frozenset({50076, 50079, 53003, 530003, 70043, 50074, 50158}): "conditional_access_blocked",
    frozenset({700082, 70008, 50173, 50057, 50034, 50055, 50144}): "sign_in_expired",
}
_OWN = frozenset({7000215, 7000222, 700027, 700213, 700211, 7000218, 700024, 90013, 700038, 500011})
_LATER = frozenset({90033, 90024, 50033, 90006, 50196, 90055})
# Right after a consent these only mean that it has not reached every server yet.
_REPLICATING = frozenset({7000229, 700016, 650051})


def token_error(answer: Mapping[str, Any]) -> TenantryError:
    """The error that a token endpoint's JSON error body stands for."""
    codes = set(answer.get("error_codes") or ())
    error = str(answer.get("error", ""))
    if codes & _LATER or error in {"temporarily_unavailable", "server_error"}:
        return RetryLater("entra_unavailable", "Microsoft Entra ID is busy.", timedelta(minutes=1))
    for known, code in _ACTION.items():
        if codes & known:
            return reason(code, replicating=bool(codes & _REPLICATING))
    if codes & _OWN or error == "invalid_client":
        return OperatorError(
            "credential_refused",
            "Microsoft refused this service's own credential.",
            "The operator must renew the credential of the app registration, or the federation with the "
            "managed identity; customers need not do anything.",
        )
    return reason("consent_revoked")
