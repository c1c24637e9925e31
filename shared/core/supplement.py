"""What a run reads of a tenant besides its users, as far as the configuration asks for it."""

from datetime import date

import msgspec

from shared.core.configuration import Enrichment


class Registration(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A user's authentication methods: whether they satisfy multifactor authentication, and which they are
    (Graph's `userRegistrationDetails`)."""

    capable: bool
    methods: tuple[str, ...] = ()


class Gap(msgspec.Struct, frozen=True):
    """An enrichment that could not be read: its fields stay as they are, or say "unknown".

    `code`, `title` and `detail` as in `shared.core.errors`; `actor` is who can change it. `permanent`: the
    tenant does not have it at all, so there is no value that could be out of date.
    """

    enrichment: str
    code: str
    title: str
    detail: str
    actor: str
    permanent: bool = False


class Supplement(msgspec.Struct, frozen=True):
    """None stands for what was not asked, or not answered.

    `group_members`: object ids of the users in scope by membership. `purposes`: object id → Graph's
    `userPurpose` of the mailboxes that were asked about. `registrations`: by object id. `activity`: day of
    the last activity in any workload by user principal name in lower case; None for somebody who never was.
    `part_numbers`: the tenant's own name of each SKU id.
    """

    group_members: frozenset[str] | None = None
    purposes: dict[str, str] | None = None
    registrations: dict[str, Registration] | None = None
    activity: dict[str, date | None] | None = None
    part_numbers: dict[str, str] | None = None
    gaps: tuple[Gap, ...] = ()

    def lacks(self, enrichment: Enrichment) -> Gap | None:
        """Why the enrichment was not read."""
        return next((gap for gap in self.gaps if gap.enrichment == enrichment.value), None)


NOTHING = Supplement()
