"""Which permissions a tenant granted beyond those that a sync needs, found out by trying all of them at once.

The access token names them too, but Microsoft Learn ("Access tokens") says that it is not for us to read.
"""

from http import HTTPStatus
from urllib.parse import quote

from shared.adapters.graph import documents
from shared.adapters.graph.answers import Answer
from shared.adapters.graph.reports import NO_PREMIUM
from shared.adapters.graph.transport import GraphTransport
from shared.core.errors import ResyncRequired, RetryLater, SourceFault
from shared.core.permissions import (
    GROUPS,
    MAILBOXES,
    SECURITY,
    SIGN_IN_METHODS,
    USAGE,
    Outcome,
    Permission,
)

_TRIES = {
    GROUPS: "groups?$select=id&$top=1",
    SIGN_IN_METHODS: "reports/authenticationMethods/userRegistrationDetails",
    USAGE: "reports/getOffice365ActiveUserDetail(period='D7')",
    SECURITY: "security/secureScores?$top=1",
}
# A mailbox that is not there was looked for; a report is at another address.
_ACCEPTED = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.FOUND})


async def proven(transport: GraphTransport, user_id: str | None) -> tuple[Permission, ...]:
    """One batch of one call for each permission, and nothing where Microsoft is busy: a tenant is connected
    without it too. `user_id`: somebody whose mailbox settings may be read; without anybody that permission is
    left out."""
    tries = dict(_TRIES)
    if user_id is not None:
        tries[MAILBOXES] = f"users/{quote(user_id, safe='')}/mailboxSettings/userPurpose"
    try:
        answers = await transport.batch(list(tries.values()), accept=_ACCEPTED)
    except (RetryLater, ResyncRequired, SourceFault):
        return ()
    return tuple(Permission(name, _outcome(answer)) for name, answer in zip(tries, answers, strict=True))


def _outcome(answer: Answer) -> Outcome:
    if answer.status != HTTPStatus.FORBIDDEN:
        return Outcome.GRANTED
    unlicensed = documents.error_code(answer.body) == NO_PREMIUM
    return Outcome.UNLICENSED if unlicensed else Outcome.MISSING
