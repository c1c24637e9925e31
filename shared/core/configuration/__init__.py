"""What a connection is told to do: every policy, with the values that make sense.

A configuration is built from what a technician sends, so building one is what validates it: pydantic refuses
values that are unknown, out of range or at odds with each other, and names the field. What is stored was
validated before and is read without looking again.
"""

from shared.core.configuration.choices import (
    BlankPolicy,
    EmailSource,
    Enrichment,
    GroupMode,
    LeaverCause,
    LeaverPolicy,
    Matching,
    PatternField,
    Preset,
    ScheduleKind,
    SharedMailboxes,
    SiteAttribute,
    SyncedField,
    Unmatched,
)
from shared.core.configuration.limits import Guard, Limit
from shared.core.configuration.schedules import Schedule
from shared.core.configuration.scope import Exclusion, Groups, Scope
from shared.core.configuration.sites import SiteRule, Sites
from shared.core.configuration.whole import Configuration

__all__ = [
    "BlankPolicy",
    "Configuration",
    "EmailSource",
    "Enrichment",
    "Exclusion",
    "GroupMode",
    "Groups",
    "Guard",
    "LeaverCause",
    "LeaverPolicy",
    "Limit",
    "Matching",
    "PatternField",
    "Preset",
    "Schedule",
    "ScheduleKind",
    "Scope",
    "SharedMailboxes",
    "SiteAttribute",
    "SiteRule",
    "Sites",
    "SyncedField",
    "Unmatched",
]
