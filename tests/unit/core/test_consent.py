"""What a sign-in and a consent must show before they count."""

from datetime import UTC, datetime

import msgspec
import pytest

from shared.core.connection import Connection, ConnectionState, Grant
from shared.core.consent import (
    APPLICATION_ADMINISTRATOR,
    CLOUD_APPLICATION_ADMINISTRATOR,
    GLOBAL_ADMINISTRATOR,
    PRIVILEGED_ROLE_ADMINISTRATOR,
    check_sign_in,
    check_tenant,
    consent_answer,
    link_used,
)
from shared.core.errors import ConsentRefused

READER = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"
TENANT = "7e4a47e4-0000-4000-8000-000000000001"
OTHER = "7e4a47e4-0000-4000-8000-000000000002"


@pytest.mark.parametrize(
    ("role", "grants"),
    [
        (GLOBAL_ADMINISTRATOR, {Grant.APPLICATION, Grant.DELEGATED}),
        (PRIVILEGED_ROLE_ADMINISTRATOR, {Grant.APPLICATION, Grant.DELEGATED}),
        (CLOUD_APPLICATION_ADMINISTRATOR, {Grant.DELEGATED}),
        (APPLICATION_ADMINISTRATOR, {Grant.DELEGATED}),
        (READER, set()),
    ],
)
@pytest.mark.parametrize("grant", list(Grant))
def test_only_those_who_may_consent_may_connect(role: str, grants: set[Grant], grant: Grant) -> None:
    """Application permissions of Microsoft Graph need more than delegated ones."""
    if grant in grants:
        check_sign_in({role, READER}, grant, is_guest=False)
        return
    with pytest.raises(ConsentRefused) as refused:
        check_sign_in({role}, grant, is_guest=False)
    assert refused.value.code == "admin_required"


def test_somebody_without_any_role_is_refused() -> None:
    """An empty set of roles is what most people have."""
    with pytest.raises(ConsentRefused):
        check_sign_in(frozenset(), Grant.DELEGATED, is_guest=False)


def test_a_guest_is_refused_whatever_the_role() -> None:
    """The guest's own organization is another one."""
    with pytest.raises(ConsentRefused) as refused:
        check_sign_in({GLOBAL_ADMINISTRATOR}, Grant.APPLICATION, is_guest=True)
    assert refused.value.code == "guest_not_allowed"


def test_the_approval_of_the_right_tenant_is_accepted() -> None:
    """In whatever case Microsoft writes it."""
    consent_answer({"admin_consent": "True", "tenant": TENANT}, TENANT)
    consent_answer({"admin_consent": "true", "tenant": TENANT.upper()}, TENANT)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"error": "access_denied", "admin_consent": "True", "tenant": TENANT}, "consent_declined"),
        ({"error": "access_denied"}, "consent_declined"),
        ({"admin_consent": "True", "tenant": OTHER}, "tenant_mismatch"),
        ({"admin_consent": "True"}, "tenant_mismatch"),
        ({"admin_consent": "False", "tenant": TENANT}, "tenant_mismatch"),
        ({"tenant": TENANT}, "tenant_mismatch"),
        ({}, "tenant_mismatch"),
    ],
)
def test_any_other_answer_is_refused(answer: dict[str, str], code: str) -> None:
    """An error beats an approval beside it, and an approval counts for its own tenant only."""
    with pytest.raises(ConsentRefused) as refused:
        consent_answer(answer, TENANT)
    assert refused.value.code == code


def test_a_reconnect_from_another_tenant_is_refused() -> None:
    """And one from the same tenant is not."""
    connection = Connection("id", "account", "customer", datetime(2026, 3, 2, tzinfo=UTC))
    active = msgspec.structs.replace(connection, state=ConnectionState.ACTIVE, tenant_id=TENANT)
    check_tenant(active, TENANT)
    check_tenant(connection, OTHER)
    with pytest.raises(ConsentRefused) as refused:
        check_tenant(active, OTHER)
    assert refused.value.code == "tenant_mismatch"


def test_a_used_link_is_gone() -> None:
    """410, and it says what to do."""
    assert (link_used().status, link_used().code) == (410, "link_used")
