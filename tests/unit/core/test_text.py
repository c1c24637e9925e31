"""Directory text made safe, addresses made comparable."""

import pytest

from shared.core.text import clean, is_email, lines, normalized_email


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        (None, ""),
        ("", ""),
        ("  Ada  ", "Ada"),
        ("Ada   Lovelace", "Ada Lovelace"),
        ("Ada\tLove\r\nlace", "Ada Love lace"),
        ("Ada\u00a0Lovelace", "Ada Lovelace"),
        ("Ada\u2028Lovelace", "Ada Lovelace"),
        ("A\x00d\x1ba\x7f", "Ada"),
        ("A \x00 B", "A B"),
        ("\x00 Ada \x00", "Ada"),
        ("Ada\u202egnp.exe", "Adagnp.exe"),
        ("\u2066Ada\u2069", "Ada"),
        ("e\u0301", "é"),
        ("e\u202e\u0301", "é"),
        ("e\x00\u0301", "é"),
        ("\u200fשלום", "\u200fשלום"),
        ("名前 😀", "名前 😀"),
    ],
)
def test_text_becomes_one_safe_line(raw: str | None, kept: str) -> None:
    """Controls and reordering marks go, white space collapses, letters of every script stay."""
    assert clean(raw) == kept


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada@Example.COM", "ada@example.com"),
        (" ada@example.com ", "ada@example.com"),
        ("jose\u0301@example.com", "josé@example.com"),
        ("JOSÉ@example.com", "jose\u0301@EXAMPLE.com"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@BU\u0308CHER.example", "ADA@XN--BCHER-KVA.EXAMPLE"),
        ("ada@例え。example", "ada@xn--r8jz45g.example"),
        ("josé@bücher.example", "JOSÉ@xn--bcher-kva.example"),
    ],
)
def test_spellings_of_one_mailbox_are_equal(one: str, other: str) -> None:
    """Case, Unicode form and white space around it do not make another address."""
    assert normalized_email(one) == normalized_email(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada@example.com", "ada@example.org"),
        ("a.da@example.com", "ada@example.com"),
        ("ada+psa@example.com", "ada@example.com"),
        ("jose@example.com", "josé@example.com"),
        ("strasse@example.com", "straße@example.com"),
        ("file@example.com", "ﬁle@example.com"),
        ("ada@bucher.example", "ada@bücher.example"),
        ("ada@strasse.example", "ada@straße.example"),
        ("ada@b\u00fccher.example", "ada@b\u00fccher.example.com"),
    ],
)
def test_different_mailboxes_stay_different(one: str, other: str) -> None:
    """Nothing is folded that a mail system could tell apart."""
    assert normalized_email(one) != normalized_email(other)


@pytest.mark.parametrize("address", ["ü@-.example", "ü@a..b", "ada@ü_.example", "ü@", "ada@xn--ü"])
def test_a_domain_that_is_none_is_compared_as_it_is_written(address: str) -> None:
    """Without regard to case, and never as another one."""
    assert normalized_email(address) == normalized_email(address.upper()) == address
    assert normalized_email(normalized_email(address)) == address


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (None, []),
        ("", []),
        (" \r\n\t\n", []),
        ("one", ["one"]),
        (" one \r\ntwo\x0bthree\u2029four", ["one", "two", "three", "four"]),
        ("o\x00ne\n\u202e\n two  words ", ["one", "two words"]),
    ],
)
def test_lines_are_clean_and_none_is_empty(text: str | None, found: list[str]) -> None:
    """However they were separated."""
    assert lines(text) == found


@pytest.mark.parametrize(
    "address",
    ["ada@example.com", "a@b", "o'neil+tag@sub.example.co.uk", "用户@例子.广告", "a" * 309 + "@example.co"],
)
def test_addresses_are_recognized(address: str) -> None:
    """Whatever a mailbox may answer to."""
    assert is_email(address)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "@example.com",
        "ada@",
        "ada@@example.com",
        "ada@exa mple.com",
        "Ada <ada@example.com>",
        "ada@example.com,bob@example.com",
        "ada_gmail.com#EXT#@contoso.onmicrosoft.com",
        "ada_gmail.com#ext#@contoso.onmicrosoft.com",
        "a" * 310 + "@example.co",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """Among them the name that a guest has here, which no mailbox answers to."""
    assert not is_email(text)
