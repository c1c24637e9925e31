"""What Microsoft Graph says about mailboxes, sign-in methods, products and scores, decoded."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest

from shared.adapters.graph import group_documents, report_documents
from shared.core.supplement import Registration, SecureScore, SubscribedProduct
from shared.ports import DirectoryGroup


def body(*items: dict[str, Any], **more: Any) -> bytes:
    return msgspec.json.encode({"@odata.context": "x", **more, "value": list(items)})


def product(**changes: Any) -> dict[str, Any]:
    return {
        "skuId": "CBDC14AB-D96C-4C30-B9F4-6ADA7CDC1D46",
        "skuPartNumber": "SPB",
        "appliesTo": "User",
        "consumedUnits": 7,
        "prepaidUnits": {"enabled": 10, "warning": 2, "suspended": 30, "lockedOut": 400},
    } | changes


def test_seats_are_the_units_that_can_be_used() -> None:
    """Those in warning still can, suspended and locked out ones cannot."""
    found = report_documents.products(body(product()))
    assert found == [SubscribedProduct("cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46", "SPB", 12, 7)]


def test_a_product_for_the_company_has_no_seats() -> None:
    """Nobody is assigned one; one of neither kind is none either."""
    assert report_documents.products(body(product(appliesTo="Company"), product(appliesTo=None))) == []


def test_what_a_product_does_not_say_is_nothing() -> None:
    """Zero and blank."""
    bare = {"skuId": "s", "appliesTo": "User", "prepaidUnits": {"enabled": None}, "consumedUnits": None}
    for item in (bare, {"skuId": "s", "appliesTo": "User"}):
        assert report_documents.products(body(item)) == [SubscribedProduct("s", "", 0, 0)]


def test_the_first_score_of_the_list_counts() -> None:
    """They come newest first; the day is that of the score."""
    scores = [
        {"createdDateTime": f"2026-03-0{day}T00:00:00Z", "currentScore": day * 10, "maxScore": 120.5}
        for day in (2, 1)
    ]
    assert report_documents.secure_score(body(*scores)) == SecureScore(20.0, 120.5, date(2026, 3, 2))


def test_a_new_tenant_has_no_score() -> None:
    """An empty list, or a score of nothing; a maximum of nothing is 0."""
    assert report_documents.secure_score(body()) is None
    score = {"createdDateTime": "2026-03-02T00:00:00Z", "currentScore": None, "maxScore": None}
    assert report_documents.secure_score(body(score)) is None
    assert report_documents.secure_score(body(score | {"currentScore": 0})) == SecureScore(
        0.0, 0.0, date(2026, 3, 2)
    )


def test_a_registration_says_what_satisfies() -> None:
    """Capable and not only registered: policy must allow it too. The order of the methods is Graph's."""
    page = report_documents.registrations(
        body(
            {
                "id": "1",
                "isMfaRegistered": True,
                "isMfaCapable": True,
                "methodsRegistered": ["mobilePhone", "fido2"],
            },
            {"id": "2", "isMfaRegistered": True, "isMfaCapable": False, "methodsRegistered": ["email"]},
            {"id": "3", "isMfaCapable": False, "methodsRegistered": None},
            **{"@odata.nextLink": "https://graph.invalid/next"},
        )
    )
    assert page.registrations() == {
        "1": Registration(True, ("mobilePhone", "fido2")),
        "2": Registration(False, ("email",)),
        "3": Registration(False),
    }
    assert page.next_link == "https://graph.invalid/next"


@pytest.mark.parametrize("purpose", ["user", "linked", "shared", "room", "equipment", "others", "newer"])
def test_a_purpose_is_taken_as_it_is(purpose: str) -> None:
    """New ones may come."""
    document = msgspec.json.encode({"@odata.context": "x", "value": purpose})
    assert report_documents.purpose(document) == purpose


def test_a_group_may_lack_a_name() -> None:
    """Then it is blank."""
    page = group_documents.groups(body({"id": "1", "displayName": "One"}, {"id": "2", "displayName": None}))
    assert page.groups() == [DirectoryGroup("1", "One"), DirectoryGroup("2", "")]


@pytest.mark.parametrize(
    ("decode", "wrong"),
    [
        (report_documents.products, {"value": [{"appliesTo": "User"}]}),
        (report_documents.products, {"value": [product(consumedUnits="many")]}),
        (report_documents.secure_score, {"value": [{"currentScore": 1, "createdDateTime": "yesterday"}]}),
        (report_documents.registrations, {"value": [{"isMfaCapable": True}]}),
        (report_documents.purpose, {"userPurpose": "user"}),
        (group_documents.members, {"value": [{}]}),
        (group_documents.groups, {}),
    ],
    ids=range(7),
)
def test_what_has_another_shape_is_not_guessed_at(decode: Any, wrong: Any) -> None:
    """Raises what the caller knows how to name."""
    with pytest.raises(msgspec.ValidationError):
        decode(msgspec.json.encode(wrong))
