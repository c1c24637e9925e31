"""The errors of the simulated Microsoft Entra ID, by AADSTS number.

Follows "Microsoft Entra authentication and authorization error codes"
(learn.microsoft.com/entra/identity-platform/reference-error-codes) and the error answers of "Microsoft
identity platform and OAuth 2.0 authorization code flow"
(learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow). Clients are told never to read the
texts, so these say the same as the service's in words of their own.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, NamedTuple


class ErrorKind(NamedTuple):
    """What an AADSTS number stands for: OAuth error, HTTP status at the token endpoint, text."""

    error: str
    status: int
    text: str
    has_error_uri: bool = False


ERRORS = {
    50011: ErrorKind(
        "invalid_request", 400, "The redirect URI '{redirect_uri}' is not registered for '{client_id}'."
    ),
    50020: ErrorKind(
        "invalid_request", 400, "The account '{account}' does not exist in the tenant '{tenant}'."
    ),
    50034: ErrorKind("invalid_grant", 400, "The account '{account}' does not exist."),
    50049: ErrorKind("invalid_instance", 400, "'{host}' is not an authority of this cloud."),
    50057: ErrorKind("invalid_grant", 400, "The user account is disabled."),
    50058: ErrorKind("login_required", 400, "A silent sign-in was asked for, but nobody is signed in."),
    50173: ErrorKind(
        "invalid_grant",
        400,
        "The grant was revoked, a fresh sign-in is needed. It was issued on '{issued}', and the "
        "TokensValidFrom date of this user is '{valid_from}'.",
    ),
    54005: ErrorKind("invalid_grant", 400, "The authorization code was already redeemed."),
    65001: ErrorKind(
        "invalid_grant", 400, "Nobody has consented to the use of the application '{client_id}'."
    ),
    65004: ErrorKind("consent_required", 400, "User declined to consent to access the app."),
    70000: ErrorKind("invalid_grant", 400, "The provided grant is invalid or malformed."),
    70003: ErrorKind("unsupported_grant_type", 400, "The grant type '{grant_type}' is not supported."),
    70008: ErrorKind("invalid_grant", 400, "The authorization code has expired."),
    70011: ErrorKind("invalid_scope", 400, "The scope '{scope}' is not valid."),
    90002: ErrorKind(
        "invalid_request", 400, "Tenant '{tenant}' not found. Check the tenant ID and the cloud."
    ),
    90094: ErrorKind(
        "access_denied", 400, "An administrator's approval is needed for what the application asks."
    ),
    165000: ErrorKind("invalid_request", 400, "The sign-in session is unknown or has ended."),
    500011: ErrorKind(
        "invalid_resource", 400, "No resource named '{resource}' in the tenant '{tenant}'.", True
    ),
    500112: ErrorKind(
        "invalid_client", 400, "The reply address differs from that of the authorization request."
    ),
    501481: ErrorKind(
        "invalid_grant", 400, "The Code_Verifier does not match the code_challenge of the request."
    ),
    501491: ErrorKind("invalid_request", 400, "The code challenge or its method is not valid."),
    700016: ErrorKind(
        "unauthorized_client", 400, "No application '{client_id}' in the directory '{tenant}'."
    ),
    700027: ErrorKind("invalid_client", 401, "The client assertion failed validation: {reason}.", True),
    700038: ErrorKind("unauthorized_client", 400, "'{client_id}' is not a valid application identifier."),
    700054: ErrorKind(
        "unsupported_response_type", 400, "The response type '{response_type}' is not enabled."
    ),
    700082: ErrorKind(
        "invalid_grant",
        400,
        "The refresh token has expired due to inactivity. It was issued on {issued} and was inactive "
        "for 90.00:00:00.",
    ),
    900023: ErrorKind(
        "invalid_request", 400, "The tenant identifier '{tenant}' is neither a GUID nor a domain name."
    ),
    900144: ErrorKind("invalid_request", 400, "The request must contain the parameter '{parameter}'."),
    1002012: ErrorKind(
        "invalid_scope", 400, "A client credentials request must ask for '<resource>/.default'."
    ),
    5000224: ErrorKind("invalid_request", 400, "The tenant '{tenant}' is no longer available."),
    7000112: ErrorKind("unauthorized_client", 400, "The application '{client_id}' is disabled."),
    7000215: ErrorKind("invalid_client", 401, "The client secret of the app '{client_id}' is wrong.", True),
    7000218: ErrorKind("invalid_client", 401, "The request needs 'client_assertion' or 'client_secret'."),
    7000229: ErrorKind(
        "invalid_client",
        401,
        "The client application {client_id} is missing service principal in the tenant {tenant}.",
        True,
    ),
    9001023: ErrorKind("invalid_request", 400, "The grant type is not supported over /common or /consumers."),
    9002346: ErrorKind("invalid_request", 400, "The application is for work and school accounts only."),
}


class EntraError(Exception):
    """A request that Entra ID refuses, named by its AADSTS number; `details` fill in the text."""

    def __init__(self, code: int, **details: str) -> None:
        self.code = code
        self.kind = ERRORS[code]
        self.text = self.kind.text.format_map(details)
        super().__init__(f"AADSTS{code}: {self.text}")


def error_fields(failure: EntraError, now: datetime, correlation_id: str, base_url: str) -> dict[str, Any]:
    """Return the members of the JSON error answer; the ids and the time are also part of the description."""
    trace_id, timestamp = str(uuid.uuid4()), f"{now:%Y-%m-%d %H:%M:%SZ}"
    description = f"{failure} Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {timestamp}"
    fields: dict[str, Any] = {
        "error": failure.kind.error,
        "error_description": description,
        "error_codes": [failure.code],
        "timestamp": timestamp,
        "trace_id": trace_id,
        "correlation_id": correlation_id,
    }
    if failure.kind.has_error_uri:
        fields["error_uri"] = f"{base_url}/error?code={failure.code}"
    return fields
