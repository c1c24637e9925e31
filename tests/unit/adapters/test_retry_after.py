"""How long a server asks to wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from shared.adapters.retry_after import retry_after


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("1", 1.0),
        (" 120 ", 120.0),
        ("86400", 86_400.0),
        ("86401", 86_400.0),
        ("9" * 400, 86_400.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
    ],
)
def test_the_header_holds_seconds_or_a_date(value: str, seconds: float | None) -> None:
    """What is over is no wait, what is too long is a day, and nonsense is nothing."""
    assert retry_after({"Retry-After": value}) == seconds


def test_a_date_is_as_far_away_as_it_is() -> None:
    """To the second."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    found = retry_after({"Retry-After": date})
    assert found is not None
    assert 85 < found <= 90


def test_the_name_of_the_header_has_no_case() -> None:
    """As in every library's headers."""
    assert retry_after(httpx.Headers({"retry-after": "7"})) == 7.0
    assert retry_after({}) is None
