"""Values by key where a key nearly always has one value."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from shared.core.grouped import Grouped

pairs = st.lists(st.tuples(st.integers(0, 3), st.none() | st.integers()), max_size=12)


@given(pairs)
def test_it_is_a_dictionary_of_lists(added: list[tuple[int, int | None]]) -> None:
    """The same keys in the same order, the same values in the same order, empty ones among them."""
    grouped, lists = Grouped[int, int | None](), defaultdict[int, list[int | None]](list)
    for key, value in added:
        grouped.add(key, value)
        lists[key].append(value)
    assert list(grouped) == list(lists)
    assert grouped.keys() == lists.keys()
    assert {key: grouped[key] for key in grouped} == lists


def test_a_key_without_a_value_has_none_and_does_not_get_one() -> None:
    """Asking is no error, and leaves no trace."""
    grouped = Grouped[str, int]()
    assert grouped["nobody"] == []
    assert "nobody" not in grouped
    assert list(grouped) == []


def test_what_is_handed_out_is_not_what_is_kept() -> None:
    """Changing it changes nothing."""
    grouped = Grouped[str, int]()
    grouped.add("a", 1)
    grouped["a"].append(2)
    assert grouped["a"] == [1]
