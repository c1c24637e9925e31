"""The API held to its own description: every operation, alone and in sequences, in process.

What is not listed here is not left out: a new operation is tested as soon as it is described.
"""

import asyncio
import zlib
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.stateful.state_machine import StepInput, StepOutput
from starlette.types import Receive, Scope, Send

from shared.core.text import clean
from tests.unit.web.furnished import Furnished, furnish
from tests.unit.web.site import Site

REPEATABLE = settings(
    derandomize=True,
    database=None,
    deadline=None,
    # A site is furnished once for all the examples of an operation, which is meant.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# Beyond what Schemathesis takes for an answer to a request that conforms to the schemas: things that depend
# on what is there, or on several policies at once, which no schema can say.
REFUSED_WITH_REASON = [
    "410",  # a held run that nobody decided about in time
    "412",  # If-Match names another version
    "422",  # policies that contradict each other, a site that the customer does not have, a PSA's refusal
]
CONFIG = {
    "generation": {
        "with-security-parameters": False
    },  # keys are sent, and left out, by the test and its checks
    "checks": {
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", "401", "403", "404", "409", "429", "503", *REFUSED_WITH_REASON]
        },
        # RFC 6585, 3: the status for a missing If-Match.
        "missing_required_header": {"expected-statuses": ["400", "401", "403", "415", "422", "428"]},
        "not_a_server_error": {
            "expected-statuses": ["2xx", "4xx", "503"]
        },  # nobody answers for the PSAs here
        "negative_data_rejection": {
            "expected-statuses": ["400", "401", "404", "405", "409", "412", "413", "415", "422", "428"]
        },
    },
    "operations": [
        # Disconnecting forgets the tenant. The connection stays, and says that it is disconnected.
        {
            "include-path": "/api/v1/customers/{customer}/connection",
            "checks": {"use_after_free": {"enabled": False}},
        },
    ],
}


class Current:
    """The site that requests go to now."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """A site in which nothing has happened, and an account with something of everything."""
        self.site = Site()
        self.ours: Furnished = asyncio.run(furnish(self.site, 1))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.site.app(scope, receive, send)


CURRENT = Current()
API = schemathesis.openapi.from_asgi(
    "/api/v1/openapi.json", CURRENT, config=schemathesis.Config.from_dict(CONFIG)
)


@pytest.fixture
def ours() -> Furnished:
    """The account of a fresh site."""
    CURRENT.renew()
    return CURRENT.ours


@API.parametrize()
@settings(parent=REPEATABLE, max_examples=12)
def test_the_operation_does_what_its_description_says(case: schemathesis.Case, ours: Furnished) -> None:
    """Whatever is sent, the answer is one that is described; what does not conform is refused, as is any
    request without a key."""
    lead_to_what_is_there(case, ours)
    keep_to_what_no_schema_says(case, ours)
    case.call_and_validate(headers={"Authorization": f"Bearer {ours.key}"})


def lead_to_what_is_there(case: schemathesis.Case, ours: Furnished) -> None:
    """Ids that are made up only ever give 404, so three of four lead to something."""
    if case.operation.method.upper() == "PUT" or _is_meant_to_be_wrong(case, ParameterLocation.PATH):
        return
    found = ours.ids_of(case.operation.path)
    chance = zlib.crc32(repr(sorted((case.path_parameters or {}).items())).encode())
    if "run" in found and chance % 4 == 1:
        found["run"] = ours.done
    if chance % 4:
        case.path_parameters = {**(case.path_parameters or {}), **found}


def keep_to_what_no_schema_says(case: schemathesis.Case, ours: Furnished) -> None:
    """Requests that conform to the schemas, and are wrong for reasons that tests of their own are about."""
    if case.query and not _is_meant_to_be_wrong(case, ParameterLocation.QUERY):
        # Only the `after` of a former page is good, and it is opaque.
        case.query = {name: value for name, value in case.query.items() if name != "after"}
    if isinstance(case.body, dict) and not _is_meant_to_be_wrong(case, ParameterLocation.BODY):
        case.body = _lawful(case.body, ours)


def _lawful(body: dict[str, Any], ours: Furnished) -> dict[str, Any]:
    body = _map(body, lambda value: int(value) if isinstance(value, float) and value.is_integer() else value)
    if isinstance(body.get("sites"), list):  # their ids differ
        body["sites"] = list({site["id"]: site for site in body["sites"]}.values())
    if isinstance(body.get("contact_id"), str):  # there is such a contact
        body["contact_id"] = ours.ids["contact"]
    if isinstance(body.get("user"), str):  # a line of text
        body["user"] = clean(body["user"]) or "ann"
    if isinstance(body.get("return_origins"), list):
        body["return_origins"] = [f"https://psa-{n}.example" for n, _ in enumerate(body["return_origins"])]
    if isinstance(body.get("return_url"), str):  # on a site that the account named
        body["return_url"] = "https://psa.example/customers/acme"
    if isinstance(body.get("fields"), dict) and "site" in body["fields"]:  # there is such a site
        body["fields"]["site"] = "oslo"
    return body


def _map(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {name: _map(item, change) for name, item in value.items()}
    if isinstance(value, list):
        return [_map(item, change) for item in value]
    return change(value)


def _is_meant_to_be_wrong(case: schemathesis.Case, place: ParameterLocation) -> bool:
    return case.meta is not None and case.meta.is_negative_at(place)


class Sequences(API.as_state_machine()):  # type: ignore[misc]
    """Operations one after the other, along the links between them."""

    def setup(self) -> None:
        """Each sequence begins with a fresh site."""
        CURRENT.renew()

    def step(self, input: StepInput) -> StepOutput:  # noqa: A002 - the library's name
        """As a single operation; ids that a link gave stay as they are."""
        if not input.applied_parameters:
            lead_to_what_is_there(input.case, CURRENT.ours)
        keep_to_what_no_schema_says(input.case, CURRENT.ours)
        return super().step(input)

    def get_call_kwargs(self, case: schemathesis.Case) -> dict[str, Any]:
        """With the account's key."""
        return {"headers": {"Authorization": f"Bearer {CURRENT.ours.key}"}}


Sequences.TestCase.settings = settings(parent=REPEATABLE, max_examples=20, stateful_step_count=8)
TestSequences = Sequences.TestCase
TestSequences.runTest.__doc__ = (
    "What one operation made another one finds, and what was removed nobody finds."
)
