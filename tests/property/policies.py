"""Configurations in which every policy takes every value that makes a difference to a few people.

All have the same schedule, for what it brings about has tests of its own.
"""

from dataclasses import replace

from hypothesis import strategies as st

from shared.core.configuration import (
    BlankPolicy,
    Configuration,
    EmailSource,
    Enrichment,
    Exclusion,
    GroupMode,
    Groups,
    Guard,
    LeaverCause,
    LeaverPolicy,
    Limit,
    Matching,
    PatternField,
    Schedule,
    Scope,
    SharedMailboxes,
    SiteAttribute,
    SiteRule,
    Sites,
    SyncedField,
    Unmatched,
)
from shared.core.models import UserType
from shared.core.presets import PRESETS

GROUPS = tuple(f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2))
SKU = "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46"
_ANYTHING, _NOTHING = Limit(1_000_000, 100), Limit(0, 0)

guards = st.sampled_from(
    [
        Guard(),
        Guard(_ANYTHING, _ANYTHING, _ANYTHING, _ANYTHING),
        Guard(_ANYTHING, _NOTHING, _ANYTHING, _ANYTHING),
        Guard(Limit(1, 30), Limit(1, 30), Limit(1, 30), Limit(1, 30)),
    ]
)
scopes = st.builds(
    Scope,
    user_types=st.sampled_from([(UserType.MEMBER,), tuple(UserType)]),
    enabled_only=st.booleans(),
    groups=st.sampled_from(
        [Groups()] * 4
        + [Groups(GroupMode.ALL), Groups(GroupMode.SELECTED, GROUPS), Groups(GroupMode.SELECTED, GROUPS[:1])]
    ),
    departments=st.sampled_from([(), (), (), ("sales",), ("Sales", "")]),
    offices=st.sampled_from([(), (), (), ("Berlin", "")]),
    domains=st.sampled_from([(), (), (), ("contoso.example",)]),
    licensed_only=st.sampled_from([False, False, False, True]),
    skus=st.sampled_from([(), (), (), (SKU,)]),
    shared_mailboxes=st.sampled_from(SharedMailboxes),
    exclusions=st.sampled_from([(), (), (Exclusion(PatternField.DISPLAY_NAME, "bot"),)]),
)
sites = st.sampled_from(
    [
        Sites(),
        Sites(),
        Sites((SiteRule(SiteAttribute.OFFICE, ("Berlin",), "b"),)),
        Sites(
            (
                SiteRule(SiteAttribute.DEPARTMENT, ("Sales",), "s"),
                SiteRule(SiteAttribute.OFFICE, ("berlin", ""), "b"),
            ),
            Unmatched.NO_SITE,
        ),
    ]
)
fields = st.sampled_from([tuple(SyncedField)] * 3 + [(SyncedField.NAME, SyncedField.JOB_TITLE)])
_plain = st.builds(
    Configuration,
    scope=st.just(Scope()) | st.just(Scope()) | scopes,
    sites=sites,
    email_source=st.sampled_from(EmailSource),
    fields=fields,
    blank_in_directory=st.sampled_from(BlankPolicy),
    leavers=st.sampled_from([LeaverPolicy.DEACTIVATE] * 3 + [LeaverPolicy.KEEP]),
    leaver_causes=st.sampled_from([tuple(LeaverCause)] * 2 + [(cause,) for cause in LeaverCause]),
    guard=guards,
    enrichments=st.sampled_from([(), (), tuple(Enrichment), (Enrichment.MFA,)]),
)


def _by_email(configuration: Configuration) -> Configuration:
    return replace(configuration, leavers=LeaverPolicy.KEEP, matching=Matching.EMAIL)


configurations = st.one_of(
    _plain,
    _plain,
    _plain,
    _plain,
    _plain.map(_by_email),
    st.builds(
        lambda preset, guard: replace(preset, guard=guard, schedule=Schedule()),
        st.sampled_from(list(PRESETS.values())),
        guards,
    ),
)
