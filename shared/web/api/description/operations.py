"""What each operation is called, how it can succeed, and in which ways of its own it can fail."""

from collections.abc import Mapping
from dataclasses import dataclass, field

_BUSY = "busy"
_INACTIVE = "connection_not_active"
_ACCESS = ("consent_revoked", "permission_missing")


@dataclass(frozen=True, slots=True)
class Said:
    """`id`: for code generators, never changed; `summary`: in a few words.

    `answers`: description by status, where there is more to say than that it worked. `problems`: by status,
    the codes that only this operation or few others can give; what any can give is added by rule.
    """

    id: str
    summary: str
    answers: Mapping[int, str] = field(default_factory=dict)
    problems: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


_CUSTOMER = "/customers/{customer}"
_CONNECTION = f"{_CUSTOMER}/connection"
_ENDPOINT = "/webhook-endpoints/{endpoint}"
_DECIDE = {409: ("run_not_held", "superseded", "run_changed", _INACTIVE), 410: ("hold_expired",)}
_DIRECTORY = {409: (_INACTIVE, *_ACCESS), 502: ("graph_unreadable",)}
_PSA = {
    422: (
        "destination_key_refused",
        "destination_key_expired",
        "destination_permission_missing",
        "destination_account_unknown",
        "destination_suspended",
    )
}

OPERATIONS: Mapping[str, Said] = {
    "GET /health": Said("getHealth", "Ask whether the service answers"),
    "GET /openapi.json": Said("getDescription", "Read this description"),
    "GET /account": Said("getAccount", "Read the account"),
    "PATCH /account": Said("changeAccount", "Change the account"),
    "PUT /account/destination": Said(
        "chooseDestination",
        "Choose where contacts live",
        {200: "The key is good and is kept; the PSA's customers are being imported."},
        {400: ("destination_key_needed",), 409: (_BUSY,), **_PSA},
    ),
    "POST /account/destination/test": Said(
        "testDestination",
        "Test the PSA's key that is kept",
        {200: "The key is good."},
        {409: ("destination_is_builtin", _BUSY), **_PSA},
    ),
    "POST /account/customers/import": Said(
        "importCustomers",
        "Import the PSA's customers",
        {202: "They are being read; the account says when that is over."},
        {409: ("destination_is_builtin", _BUSY)},
    ),
    "GET /account/keys": Said("listKeys", "List API keys"),
    "POST /account/keys": Said("createKey", "Make an API key", problems={403: ("scope_not_own",)}),
    "POST /account/keys/{key}/rotate": Said(
        "rotateKey",
        "Rotate an API key",
        problems={403: ("scope_not_own",), 409: ("key_rotated_already", "key_ended")},
    ),
    "DELETE /account/keys/{key}": Said("deleteKey", "Delete an API key", problems={409: ("last_key",)}),
    "POST /account/portal-sessions": Said("openAccountPortal", "Open the portal for the account"),
    "GET /customers": Said("listCustomers", "List customers"),
    "PUT /customers/{customer}": Said(
        "putCustomer",
        "Create or change a customer",
        {200: "The customer was there and is changed.", 201: "The customer is new."},
    ),
    "GET /customers/{customer}": Said("getCustomer", "Read a customer"),
    f"POST {_CUSTOMER}/portal-sessions": Said("openCustomerPortal", "Open the portal for a customer"),
    f"POST {_CUSTOMER}/setup-links": Said(
        "createSetupLink", "Make a setup link", problems={409: ("already_set_up",)}
    ),
    f"GET {_CUSTOMER}/setup-links": Said("listSetupLinks", "Read the setup link"),
    f"DELETE {_CUSTOMER}/setup-links/{{link}}": Said("revokeSetupLink", "Revoke a setup link"),
    f"POST {_CONNECTION}": Said("connect", "Begin to connect, or to reconnect"),
    f"GET {_CONNECTION}": Said("getConnection", "Read a connection"),
    f"PATCH {_CONNECTION}": Said(
        "configure",
        "Change the configuration",
        problems={412: ("version_conflict",), 422: ("config_invalid",), 428: ("precondition_required",)},
    ),
    f"DELETE {_CONNECTION}": Said("disconnect", "Disconnect"),
    f"POST {_CONNECTION}/pause": Said("pause", "Pause syncs", problems={409: ("state_conflict",)}),
    f"POST {_CONNECTION}/resume": Said("resume", "Resume syncs", problems={409: ("state_conflict",)}),
    f"GET {_CUSTOMER}/contacts": Said("listContacts", "List contacts"),
    f"GET {_CUSTOMER}/contacts/{{contact}}": Said("getContact", "Read a contact"),
    f"PATCH {_CUSTOMER}/contacts/{{contact}}": Said(
        "editContact",
        "Edit or pin a contact",
        problems={409: ("contact_lives_in_the_psa",), 412: ("version_conflict",)},
    ),
    f"GET {_CUSTOMER}/reviews": Said("listReviews", "List people in review"),
    f"POST {_CUSTOMER}/reviews/{{object_id}}": Said(
        "decideReview",
        "Decide about a person",
        problems={400: ("invalid_decision",), 409: ("review_already_resolved",)},
    ),
    f"GET {_CUSTOMER}/directory/groups": Said("listGroups", "List groups", problems=_DIRECTORY),
    f"GET {_CUSTOMER}/directory/{{attribute}}": Said(
        "listDirectoryValues", "List offices, departments, domains or licences", problems=_DIRECTORY
    ),
    f"GET {_CUSTOMER}/report": Said("getReport", "Read the report"),
    f"POST {_CUSTOMER}/runs": Said(
        "startRun",
        "Sync now, or preview",
        {
            200: "One is under way already; this is it (`coalesced`).",
            202: "The run is queued; look again after `Retry-After` seconds.",
        },
        {409: (_INACTIVE,), 422: ("config_invalid",)},
    ),
    f"GET {_CUSTOMER}/runs": Said("listRuns", "List runs"),
    "GET /runs/{run}": Said("getRun", "Read a run"),
    "POST /runs/{run}/approve": Said(
        "approveRun", "Approve a held run", problems={**_DECIDE, 409: ("plan_changed", *_DECIDE[409])}
    ),
    "POST /runs/{run}/reject": Said("rejectRun", "Reject a held run", problems=_DECIDE),
    "POST /runs/{run}/cancel": Said("cancelRun", "Cancel a run"),
    "GET /runs/{run}/changes": Said("listChanges", "Read what a run did, person by person"),
    "GET /reports/licences": Said("listLicences", "Read the licences of all customers"),
    "GET /reports/security": Said("listSecurity", "Read the security of all customers"),
    "GET /events": Said("listEvents", "Read what happened"),
    "POST /webhook-endpoints": Said(
        "createWebhookEndpoint",
        "Have events sent somewhere",
        problems={409: ("too_many_endpoints",), 422: ("webhook_url_not_allowed",)},
    ),
    "GET /webhook-endpoints": Said("listWebhookEndpoints", "List webhook endpoints"),
    f"GET {_ENDPOINT}": Said("getWebhookEndpoint", "Read a webhook endpoint"),
    f"PATCH {_ENDPOINT}": Said(
        "changeWebhookEndpoint",
        "Change a webhook endpoint",
        problems={422: ("webhook_url_not_allowed",)},
    ),
    f"DELETE {_ENDPOINT}": Said("deleteWebhookEndpoint", "Delete a webhook endpoint"),
    f"POST {_ENDPOINT}/secret": Said("changeWebhookSecret", "Change an endpoint's secret"),
    f"POST {_ENDPOINT}/test": Said(
        "testWebhookEndpoint", "Send a test event", problems={409: ("endpoint_disabled",)}
    ),
    f"GET {_ENDPOINT}/deliveries": Said("listDeliveries", "List what was sent to an endpoint"),
    f"POST {_ENDPOINT}/deliveries/{{delivery}}/redeliver": Said(
        "redeliver", "Send an event once more", problems={409: ("endpoint_disabled", "delivery_pending")}
    ),
    "GET /issues": Said("listIssues", "List what somebody has to act on"),
    f"GET {_CUSTOMER}/issues": Said("listCustomerIssues", "List what somebody has to act on for a customer"),
    "GET /presets": Said("listPresets", "List presets"),
}
