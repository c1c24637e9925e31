"""Patterns take time in proportion to the text, whatever somebody wrote."""

import pytest

from shared.core.patterns import PatternRefused, pattern


def test_upper_and_lower_case_are_equal() -> None:
    """In the pattern and in the text, also beyond ASCII."""
    assert pattern("^SVC-").search("svc-backup") is not None
    assert pattern("büro").search("BÜRO 7") is not None


def test_a_pattern_is_found_anywhere_unless_it_is_anchored() -> None:
    """As people expect of a search."""
    assert pattern("admin").search("the admin of it") is not None
    assert pattern("^admin").search("the admin of it") is None
    assert pattern("").search("") is not None


@pytest.mark.parametrize("text", ["(a+)+$", "(a|aa)+$", "(.*a){20}$", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_a_pattern_that_backtracks_forever_elsewhere_comes_to_an_end(text: str) -> None:
    """Over a hundred thousand characters that almost match."""
    assert pattern(text).search("a" * 100_000 + "!") is None


@pytest.mark.parametrize("text", [r"(x)\1", "(?=x)", "(?!x)", "(?<!x)y", "(", "a{1001}", "\ud800"])
def test_what_re2_does_not_know_is_refused_with_a_reason(text: str) -> None:
    """The reason is a sentence for whoever wrote it."""
    with pytest.raises(PatternRefused) as refused:
        pattern(text)
    assert isinstance(refused.value, ValueError)
    assert str(refused.value)


def test_a_pattern_that_would_take_too_much_memory_is_refused() -> None:
    """A few characters may stand for a million states."""
    with pytest.raises(PatternRefused):
        pattern("((a{100}){100}){100}")
