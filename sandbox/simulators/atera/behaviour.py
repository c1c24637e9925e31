"""How an account behaves wherever nobody outside knows how the service does."""

from __future__ import annotations

from typing import Literal

import msgspec


class Behaviour(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Switches; each starts at what the sources make most likely.

    - `duplicate_email`: where an address may be only once, else 409; in any case, archived contacts count.
    - `phones`: kept as written, or reduced to their digits on write.
    - `archived_listed`: whether lists have archived contacts.
    - `action_id`: how the id of what was written is told; the document says as text.
    - `created_status`: what creating answers; the document says 201.
    - `null`: whether null in an update clears a value; an empty text always does.
    - `unknown_fields`: what becomes of a field that a request may not have, such as `Email` in an update.
    - `empty_next_link`: what stands for a link to no page, in both directions.
    - `calls_per_minute`: of the whole account, None for no limit; `retry_after`: whether 429 says how long.
    - `text_limit`: longer texts (not addresses) are cut to this many characters on write.
    - `long_page`: what becomes of `itemsInPage` above 50.
    - `suspended_status`: what a suspended account's calls are answered with.
    - `unknown_field_status`: the answer about a custom field that there is not.
    """

    duplicate_email: Literal["allow", "per_customer", "per_account"] = "per_customer"
    phones: Literal["kept", "digits"] = "kept"
    archived_listed: bool = True
    action_id: Literal["text", "number"] = "text"
    created_status: Literal[201, 200] = 201
    null: Literal["unchanged", "clears"] = "unchanged"
    unknown_fields: Literal["ignored", "refused"] = "ignored"
    empty_next_link: Literal["null", "empty"] = "null"
    calls_per_minute: int | None = 700
    retry_after: bool = True
    text_limit: int | None = None
    long_page: Literal["clamped", "refused"] = "clamped"
    suspended_status: Literal[401, 402, 403] = 403
    unknown_field_status: Literal[400, 404] = 400

    def change(self, patch: dict[str, object]) -> None:
        """Set some switches; raises ValidationError for a switch or a position that there is not."""
        changed = msgspec.convert({**msgspec.structs.asdict(self), **patch}, Behaviour)
        for name, value in msgspec.structs.asdict(changed).items():
            setattr(self, name, value)
