"""Custom fields and their values, of contacts and of customers; the name of a field is taken exactly."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from aiohttp import web

from sandbox.simulators.atera.account import AteraAccount
from sandbox.simulators.atera.contact_writes import kept_text
from sandbox.simulators.atera.errors import AteraError, invalid, not_found
from sandbox.simulators.atera.records import CustomField, timestamp, whole_seconds
from sandbox.simulators.atera.requests import SetCustomValue, action, path_id, read_object, understood

_IDS = uuid.UUID("5c1f7d6e-3a0b-4a57-9a86-5f0d9f6f2a11")


async def list_custom_fields(account: AteraAccount, _request: web.Request) -> web.Response:
    """Return the fields of all kinds of things, in a list without pages."""
    return web.json_response(
        [
            {
                "Name": field.name,
                "DataType": field.data_type,
                "Target": field.target,
                "PossibleValues": None,
                "ParentAttributeName": None,
            }
            for field in account.custom_fields
        ]
    )


class CustomValues:
    """The values of one kind of thing; `parameter` is what the path calls its id."""

    def __init__(self, target: str, parameter: str) -> None:
        self._target, self._parameter = target, parameter

    async def list_values(self, account: AteraAccount, request: web.Request) -> web.Response:
        """Return the values of all fields that have one."""
        item_id = self._item(account, request)
        fields = [field for field in account.custom_fields if field.target == self._target]
        return self._answer(account, item_id, fields)

    async def get_value(self, account: AteraAccount, request: web.Request) -> web.Response:
        """Return the value in a list, which is empty when there is none."""
        item_id = self._item(account, request)
        return self._answer(account, item_id, [self._field(account, request)])

    async def set_value(self, account: AteraAccount, request: web.Request) -> web.Response:
        """Set a value; null and an empty text take it away."""
        body = await read_object(request)
        item_id, field = self._item(account, request), self._field(account, request)
        value = kept_text(account.behaviour, understood(body, SetCustomValue, account.behaviour).value or "")
        if value is None:
            self._values(account).pop((item_id, field.name), None)
        else:
            _typed(field.data_type, value)
            self._values(account)[item_id, field.name] = value
        account.wrote(f"{self._target.lower()} value set", item_id)
        return action(account.behaviour, item_id)

    def _answer(self, account: AteraAccount, item_id: int, fields: Collection[CustomField]) -> web.Response:
        values = self._values(account)
        found = [(field, values[item_id, field.name]) for field in fields if (item_id, field.name) in values]
        return web.json_response([_value_body(item_id, field, value) for field, value in found])

    def _item(self, account: AteraAccount, request: web.Request) -> int:
        item_id = path_id(request, self._parameter)
        if item_id not in (account.contacts if self._target == "Contact" else account.customers):
            raise not_found(self._target, item_id)
        return item_id

    def _field(self, account: AteraAccount, request: web.Request) -> CustomField:
        field = account.field_named(request.match_info["fieldName"], self._target)
        if field is None:
            raise AteraError(account.behaviour.unknown_field_status, "There is no such custom field.")
        return field

    def _values(self, account: AteraAccount) -> dict[tuple[int, str], str]:
        return account.custom_values if self._target == "Contact" else account.customer_values


def _typed(data_type: str, text: str) -> dict[str, Any]:
    """Return the parts of a CustomValueDto that a value fills in; raises AteraError 400 for a wrong one."""
    try:
        match data_type:
            case "Numeric" if not isfinite(float(text)):
                raise ValueError(text)
            case "Numeric":
                return {"ValueAsDecimal": float(text)}
            case "Date":
                moment = datetime.fromisoformat(text)
                utc = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
                return {"ValueAsDateTime": timestamp(whole_seconds(utc))}
            case "Boolean" if text.lower() not in ("true", "false"):
                raise ValueError(text)
            case "Boolean":
                return {"ValueAsBool": text.lower() == "true"}
            case _:
                return {}
    except ValueError as error:
        raise invalid("Value", f"The value is not valid for a {data_type} field.") from error


def _value_body(item_id: int, field: CustomField, value: str) -> dict[str, Any]:
    return {
        "ItemId": item_id,
        "Id": str(uuid.uuid5(_IDS, f"{field.target} {item_id} {field.name}")),
        "FieldName": field.name,
        "ValueAsString": value,
        "ValueAsDecimal": 0,
        "ValueAsDateTime": None,
        "ValueAsBool": False,
        "OptionId": None,
        **_typed(field.data_type, value),
    }
