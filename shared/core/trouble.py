"""Why the last run of a connection failed, kept there so that nobody has to look for the run."""

from datetime import datetime

import msgspec


class Trouble(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a run failed, as in `shared.core.errors`; `since`: when that run ended."""

    code: str
    title: str
    detail: str
    actor: str
    since: datetime
    run_id: str
