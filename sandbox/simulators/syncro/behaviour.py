"""What nobody outside knows of the service, or what differs between accounts: a switch for each."""

from __future__ import annotations

from typing import Literal

import msgspec


class Behaviour(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """How one account behaves where the vendor's document is silent.

    The defaults are what clients of the service report, or else what is most common in Rails applications.

    - `properties_on_update`: whether the `properties` of an update go beside those there are, or instead.
    - `properties_on_create`: `ignored` drops `properties` and `title` from a new contact.
    - `unknown_properties`: what becomes of a property that is neither built in nor a custom field.
    - `phones`: whether formatting is taken off a contact's numbers on writing (a customer's always are).
    - `duplicate_email`: `per_customer` refuses a second contact with the same address, case ignored.
    - `update`: `whole` blanks whatever an update of a contact does not send, except its customer.
    - `name_required_on_update`: whether an update of a contact without a name is refused.
    - `null`: whether null in a request clears a field or says nothing about it.
    - `errors_shape`: the `errors` of a refused contact: a text, a list of texts, or lists by attribute.
    - `text_limit`: how many characters any text but the notes may have; None for any number.
    - `per_page`, `customers_per_page`: how many a page of contacts, and of customers, holds.
    - `unauthenticated`: how a token that is missing, wrong, expired or revoked is answered.
    - `suspended_status`: how every call to a suspended account is answered.
    """

    properties_on_update: Literal["merge", "replace"] = "merge"
    properties_on_create: Literal["kept", "ignored"] = "kept"
    unknown_properties: Literal["dropped", "kept"] = "dropped"
    phones: Literal["kept", "digits"] = "kept"
    duplicate_email: Literal["allow", "per_customer"] = "allow"
    update: Literal["partial", "whole"] = "partial"
    name_required_on_update: bool = False
    null: Literal["clears", "unchanged"] = "clears"
    errors_shape: Literal["string", "list", "object"] = "string"
    text_limit: int | None = None
    per_page: int = 50
    customers_per_page: int = 100
    unauthenticated: Literal["json401", "html401"] = "json401"
    suspended_status: Literal[401, 402, 403] = 401
