"""SKU ids become the names that people know."""

from __future__ import annotations

import csv
import random
import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.core.licence_names import FREE, PRODUCT_NAMES
from shared.core.licences import NamedLicence, free, highest_named, product_name, product_names
from tests.architecture.sources import ROOT

VENDOR_TABLE = ROOT.parent / "shared" / "reference" / "data" / "microsoft-sku-names.csv"

BASIC = "3b555118-da6a-4418-894f-7df1e2096870"
APPS = "cdd28e44-67e3-425e-be4c-737fab2899d3"
STANDARD = "f245ecc8-75af-4f8e-b61f-27d8114de5f3"
PREMIUM = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46"
OFFICE_E3 = "6fd2c87f-b296-42f0-b197-1e91e994b900"
FABRIC_FREE = "a403ebcc-fae0-4ca2-8c8c-7a907fd6c235"
UNKNOWN = "11111111-2222-4333-8444-555555555555"

VARIANTS = {
    "Microsoft 365 Business Basic": [
        BASIC,
        "dab7782a-93b1-4074-8bb1-0e61318bea0b",
        "21502a13-c8dc-4744-be9c-177fd9d2eafc",
        "b1f3042b-a390-4b56-ab61-b88e7e767a97",
    ],
    "Microsoft 365 Apps for Business": [APPS, "b214fe43-f5a3-4703-beeb-fa97188220fc"],
    "Microsoft 365 Business Standard": [
        STANDARD,
        "ac5cef5d-921b-4f97-9ef3-c99076e5470f",
        "5a1c7b8d-0739-4ca8-bf69-ec87e69133ac",
        "ffa3a2a0-3820-462a-aa81-8a4d741f0cba",
        "c1f79c29-5d7a-4bec-a2c1-1a76774864c0",
    ],
    "Microsoft 365 Business Premium": [
        PREMIUM,
        "00e1ec7b-e4a3-40d1-9441-b69b597ab222",
        "a3f586b6-8cce-4d9b-99d6-55238397f77a",
        "24c35284-d768-4e53-84d9-b7ae73dddf69",
    ],
}

sku_ids = st.lists(st.sampled_from([*sorted(PRODUCT_NAMES), UNKNOWN]), max_size=12)


def _one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(scope="module")
def vendor_names() -> Mapping[str, frozenset[str]]:
    """Every name that Microsoft's table gives to a SKU id, in lower case and without stray white space."""
    if not VENDOR_TABLE.is_file():
        pytest.skip("Microsoft's table of product names is not beside the project")
    names: dict[str, set[str]] = {}
    with VENDOR_TABLE.open(encoding="utf-8-sig", newline="") as table:
        for row in csv.DictReader(table):
            sku_id = _one_line(row["GUID"]).lower()
            names.setdefault(sku_id, set()).add(_one_line(row["Product_Display_Name"]).lower())
    return {sku_id: frozenset(spellings) for sku_id, spellings in names.items()}


@pytest.mark.parametrize(
    ("name", "sku_id"), [(name, sku_id) for name in VARIANTS for sku_id in VARIANTS[name]]
)
def test_every_variant_counts_as_its_product(name: str, sku_id: str) -> None:
    """Legacy, no-Teams, European and donated licences are shown as the product they are a variant of."""
    assert highest_named([sku_id]) == name


def test_no_other_product_of_the_table_is_one_of_the_four() -> None:
    """Only the listed variants count: not Microsoft 365 E5, not Apps for Enterprise."""
    listed = {sku_id for ids in VARIANTS.values() for sku_id in ids}
    assert {sku_id for sku_id in PRODUCT_NAMES if highest_named([sku_id])} == listed


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        (BASIC, APPS),
        (APPS, STANDARD),
        (STANDARD, PREMIUM),
        (BASIC, STANDARD),
        (BASIC, PREMIUM),
        (APPS, PREMIUM),
    ],
)
def test_the_higher_licence_is_the_one_that_is_shown(lower: str, higher: str) -> None:
    """Basic is below Apps, Apps below Standard, Standard below Premium."""
    assert highest_named([lower, higher]) == highest_named([higher, lower]) == product_name(higher)


def test_the_four_are_listed_from_the_lowest_to_the_highest() -> None:
    """The values of the enumeration are the names that are shown, in the order of the ladder."""
    assert [str(licence) for licence in NamedLicence] == list(VARIANTS)


@pytest.mark.parametrize("ids", [[], [OFFICE_E3], [UNKNOWN], [""], [FABRIC_FREE, UNKNOWN]])
def test_a_user_without_any_of_the_four_has_no_named_licence(ids: list[str]) -> None:
    """Other products, unknown ones and no product at all give an empty string."""
    assert highest_named(ids) == ""


@given(sku_ids, st.randoms(use_true_random=False))
def test_order_and_repetition_of_licences_do_not_matter(ids: list[str], random_source: random.Random) -> None:
    """The same licences in another order, some of them twice, give the same names."""
    moved = [*ids, *ids[:3]]
    random_source.shuffle(moved)
    assert highest_named(moved) == highest_named(ids)
    assert product_names(moved) == product_names(ids)


@given(sku_ids)
def test_the_highest_is_never_below_any_licence_held(ids: list[str]) -> None:
    """What is shown for all licences is the best of what is shown for each of them."""
    ladder = ["", *VARIANTS]
    each = [ladder.index(highest_named([sku_id])) for sku_id in ids]
    assert ladder.index(highest_named(ids)) == max(each, default=0)


@given(sku_ids)
def test_the_case_of_an_id_does_not_matter(ids: list[str]) -> None:
    """Ids that another system wrote in capitals, or with a blank around them, are the same ids."""
    written = [f" {sku_id.upper()} " for sku_id in ids]
    assert highest_named(written) == highest_named(ids)
    assert product_names(written) == product_names(ids)
    assert [free(sku_id) for sku_id in written] == [free(sku_id) for sku_id in ids]


@pytest.mark.parametrize(
    ("part_number", "shown"),
    [
        ("SPE_E9", "SPE E9"),
        ("RIGHTSMANAGEMENT_CE_GOV\t", "RIGHTSMANAGEMENT CE GOV"),
        ("MCOCAP_FACULTY\u00a0", "MCOCAP FACULTY"),
        ("O365_w/o\u00a0Teams\u00a0Bundle_M3", "O365 w/o Teams Bundle M3"),
        ("Microsoft_365_ Business_ Ultimate_(no Teams)", "Microsoft 365 Business Ultimate (no Teams)"),
        ("Sand\u202ebox", "Sandbox"),
    ],
)
def test_an_unknown_product_is_shown_by_its_part_number(part_number: str, shown: str) -> None:
    """Underscores and stray tabs, blanks and no-break spaces become single spaces."""
    assert product_name(UNKNOWN, part_number) == shown


@pytest.mark.parametrize("part_number", [None, "", " \t\u00a0", "___"])
def test_a_product_without_any_name_is_shown_by_its_id(part_number: str | None) -> None:
    """Where neither we nor the tenant know a name, the id is still there to be looked up."""
    assert product_name(UNKNOWN, part_number) == UNKNOWN


def test_the_name_that_people_know_wins_over_the_part_number() -> None:
    """A part number such as SPB tells nobody anything."""
    assert product_name(PREMIUM, "SPB") == "Microsoft 365 Business Premium"


def test_all_products_are_shown_sorted_and_once_each() -> None:
    """Names are sorted without regard to case, and two ids of one product are one name."""
    ids = [UNKNOWN, OFFICE_E3, PREMIUM, PREMIUM, *VARIANTS["Microsoft 365 Apps for Business"], FABRIC_FREE]
    assert product_names(ids, {UNKNOWN: "nice_Thing"}) == (
        "Microsoft 365 Apps for Business; Microsoft 365 Business Premium; Microsoft Fabric (Free); "
        "nice Thing; Office 365 E3"
    )


def test_a_user_without_licences_has_no_products() -> None:
    """Nothing is shown as nothing."""
    assert product_names([]) == product_names([""]) == ""


def test_part_numbers_are_found_whatever_the_case_of_the_id() -> None:
    """An id in capitals finds the part number that the tenant lists under the id as Graph writes it."""
    sku_id = "abcdefab-cdef-4abc-8def-abcdefabcdef"
    assert product_names([sku_id.upper()], {sku_id: "NEW_PRODUCT"}) == "NEW PRODUCT"


@pytest.mark.parametrize(
    "name",
    [
        "Microsoft Fabric (Free)",
        "Microsoft Power Automate Free",
        "Microsoft Teams Exploratory",
        "Microsoft Stream",
    ],
)
def test_what_nothing_is_charged_for_is_free(name: str) -> None:
    """The products that fill a tenant's list with thousands of unused licences cost nothing."""
    assert all(free(sku_id) for sku_id, known in PRODUCT_NAMES.items() if known == name)
    assert name in FREE.values()


@pytest.mark.parametrize(
    "sku_id", [UNKNOWN, "", OFFICE_E3, *(each for ids in VARIANTS.values() for each in ids)]
)
def test_what_may_have_been_paid_for_is_not_free(sku_id: str) -> None:
    """An unknown product counts as paid, and so do all variants of the four."""
    assert not free(sku_id)


def test_what_calls_itself_free_or_a_trial_is_free() -> None:
    """No product is counted as an unused paid licence while its own name says that it is not one."""
    says_so = re.compile(r"\bfree\b|\btrial\b", re.IGNORECASE)
    assert {sku_id for sku_id, name in PRODUCT_NAMES.items() if says_so.search(name)} <= set(FREE)


def test_the_table_is_well_formed() -> None:
    """Ids are GUIDs in lower case; names are one clean line without the separator of a list."""
    guid = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
    assert [sku_id for sku_id in PRODUCT_NAMES if not guid.fullmatch(sku_id)] == []
    assert [
        name for name in PRODUCT_NAMES.values() if name != _one_line(name) or not name or ";" in name
    ] == []


def test_every_entry_is_in_the_vendors_table(vendor_names: Mapping[str, frozenset[str]]) -> None:
    """Each id of ours is one of Microsoft's, under a name that Microsoft gives it."""
    wrong = {
        sku_id: name
        for sku_id, name in PRODUCT_NAMES.items()
        if name.lower() not in vendor_names.get(sku_id, frozenset())
    }
    assert wrong == {}


def test_no_variant_of_the_four_is_missing(vendor_names: Mapping[str, frozenset[str]]) -> None:
    """Every product of the vendor's table whose name begins like one of the four counts as that one."""
    expected = {
        sku_id: name
        for sku_id, spellings in vendor_names.items()
        for name in VARIANTS
        if any(spelling.startswith(name.lower()) for spelling in spellings)
    }
    assert {sku_id: highest_named([sku_id]) for sku_id in expected} == expected
    assert set(expected) == {sku_id for ids in VARIANTS.values() for sku_id in ids}
