"""Plans of drawn cases, and what can be told of them without looking at how they are made."""

from collections import Counter
from collections.abc import Iterable

from hypothesis import settings

from shared.core.changes import ChangeKind
from shared.core.mapping import Mapper
from shared.core.models import Contact, ContactFields
from shared.core.planning import Plan, make_plan
from shared.core.reviews import Decision, ReviewAction
from shared.core.scope import Filter
from shared.core.sites import Classifier
from shared.core.text import normalized_email
from tests.property.strategies import (
    Case,
)
from tests.unit.core.builders import applied

many = settings(max_examples=80)

LEAVERS = {ChangeKind.DEACTIVATE, ChangeKind.KEEP}


def planned(case: Case, contacts: Iterable[Contact] | None = None) -> Plan:
    """The plan of a case, or of the same case with other contacts."""
    before = case.contacts if contacts is None else contacts
    return make_plan(case.snapshot, before, case.configuration, case.decisions)


def after(case: Case) -> list[Contact]:
    """The contacts after the plan's writes."""
    return applied(case.contacts, planned(case))


def addresses(contacts: Iterable[Contact]) -> Counter[str]:
    """How many contacts have each address."""
    return Counter(normalized_email(contact.fields.email) for contact in contacts if contact.fields.email)


def in_scope(case: Case) -> dict[str, ContactFields]:
    """Who is to have a contact, and what it is to say."""
    left_out = Filter(case.configuration, case.snapshot.supplement).left_out
    site = Classifier(case.configuration.sites).site
    mapper = Mapper(case.configuration, case.snapshot.supplement)
    found = {}
    for user in case.snapshot.users.values():
        decision = case.decisions.get(user.id)
        dismissed = decision is not None and decision.action is ReviewAction.DISMISS
        place = site(user)
        if left_out(user) is None and place is not None and not dismissed:
            fields = mapper.fields(user, place)
            if fields.email:
                found[user.id] = fields
    return found


def decided(case: Case, action: ReviewAction) -> dict[str, Decision]:
    """The decisions of one sort."""
    return {key: decision for key, decision in case.decisions.items() if decision.action is action}
