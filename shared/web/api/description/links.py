"""What to ask for next: links from the answer of one operation to the parameters of others."""

from collections.abc import Iterable, Mapping
from typing import Any

_HERE = {"customer": "$request.path.customer"}
_BODY_ID = "$response.body#/id"
_RUN = {"run": _BODY_ID}
_PATH_RUN = {"run": "$request.path.run"}
_FIRST = "$response.body#/data/0/id"
_CONTACT = {**_HERE, "contact": _FIRST}

# Operation → the operations that may follow, and where their parameters come from.
_NEXT: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "putCustomer": dict.fromkeys(("getCustomer", "openCustomerPortal", "connect", "getConnection"), _HERE),
    "listCustomers": {"getCustomer": {"customer": _FIRST}, "listRuns": {"customer": _FIRST}},
    "getCustomer": dict.fromkeys(("getConnection", "listRuns", "listContacts", "listReviews"), _HERE),
    "connect": dict.fromkeys(("getConnection", "configure", "disconnect"), _HERE),
    "getConnection": dict.fromkeys(("configure", "startRun", "pause", "disconnect"), _HERE),
    "configure": dict.fromkeys(("getConnection", "startRun"), _HERE),
    "pause": dict.fromkeys(("resume", "getConnection"), _HERE),
    "resume": dict.fromkeys(("getConnection", "startRun"), _HERE),
    "disconnect": dict.fromkeys(("getConnection", "connect", "listContacts"), _HERE),
    "startRun": {**dict.fromkeys(("getRun", "listChanges", "cancelRun"), _RUN), "listRuns": _HERE},
    "listRuns": {"getRun": {"run": _FIRST}, "listChanges": {"run": _FIRST}},
    "getRun": dict.fromkeys(("listChanges", "approveRun", "rejectRun", "cancelRun"), _PATH_RUN),
    "approveRun": dict.fromkeys(("getRun", "listChanges"), _PATH_RUN),
    "rejectRun": dict.fromkeys(("getRun",), _PATH_RUN),
    "cancelRun": dict.fromkeys(("getRun", "listChanges"), _PATH_RUN),
    "listContacts": dict.fromkeys(("getContact", "editContact"), _CONTACT),
    "editContact": {"getContact": {**_HERE, "contact": _BODY_ID}},
    "listReviews": {"decideReview": {**_HERE, "object_id": "$response.body#/data/0/object_id"}},
}


def links(operation: str, known: Iterable[str]) -> dict[str, Any]:
    """The links of an operation's answer; `known`: the operations that there are."""
    there = set(known)
    return {
        target: {"operationId": target, "parameters": dict(parameters)}
        for target, parameters in _NEXT.get(operation, {}).items()
        if target in there
    }
