"""What people do in a simulated PSA, over its control surface: the same words for Atera and SyncroMSP."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import httpx

Document = dict[str, Any]


@dataclass(frozen=True)
class PsaContact:
    """A contact as a technician sees it. `department` is a name, `custom` the filled custom fields."""

    id: int
    customer_id: int
    email: str
    name: str
    job_title: str
    phone: str
    department: str
    custom: dict[str, str]


@dataclass(frozen=True)
class PsaHands(ABC):
    """The hands of people at one account; `account` names it on the control surface."""

    http: httpx.AsyncClient
    base_url: str
    account: str

    kind: ClassVar[str]
    name: ClassVar[str]

    @abstractmethod
    async def contacts(self, customer_id: str) -> list[PsaContact]:
        """The contacts of a customer, oldest first."""

    @abstractmethod
    async def new_key(self) -> str:
        """A new API key."""

    @abstractmethod
    async def revoke_key(self, key: str) -> None:
        """An API key is good for nothing from now on."""

    async def with_email(self, customer_id: str, email: str) -> list[PsaContact]:
        """The contacts of a customer with an address."""
        wanted = email.casefold()
        return [one for one in await self.contacts(customer_id) if one.email.casefold() == wanted]

    async def delete_contact(self, contact_id: int) -> None:
        """A technician deletes a contact."""
        await self._mine("DELETE", f"contacts/{contact_id}")

    async def calls(self) -> int:
        """How many calls of the API there have been, with keys of the account."""
        return int((await self.control("GET", f"requests?tenant={self.account}"))["total"])

    async def misbehave(self, kind: str, **fields: Any) -> None:
        """Have calls with keys of this account go wrong; the fields of `sandbox.simulators.faults.Fault`."""
        await self.control("POST", "faults", {"kind": kind, "tenant": self.account, **fields})

    async def behave(self) -> None:
        """Take back every fault, of every account."""
        await self.control("DELETE", "faults")

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        """Give an order to the simulator; raises httpx.HTTPStatusError where it is refused."""
        response = await self.http.request(method, f"{self.base_url}/_control/{path}", json=body)
        response.raise_for_status()
        return response.json() if response.content else {}

    async def _mine(self, method: str, path: str, body: Any = None) -> Any:
        return await self.control(method, f"accounts/{self.account}/{path}", body)


class AteraHands(PsaHands):
    """An account of Atera."""

    kind = "atera"
    name = "Atera"

    async def contacts(self, customer_id: str) -> list[PsaContact]:
        """See PsaHands."""
        return [
            PsaContact(
                id=found["EndUserID"],
                customer_id=found["CustomerID"],
                email=found["Email"],
                name=" ".join(filter(None, (found["Firstname"], found["Lastname"]))),
                job_title=found["JobTitle"] or "",
                phone=found["Phone"] or "",
                department=found["DepartmentName"] or "",
                custom=found["CustomValues"],
            )
            for found in await self._mine("GET", "contacts")
            if found["CustomerID"] == int(customer_id)
        ]

    async def new_key(self) -> str:
        """See PsaHands."""
        return str((await self._mine("POST", "keys", {}))["key"])

    async def revoke_key(self, key: str) -> None:
        """See PsaHands."""
        await self._mine("POST", "keys/revoke", {"key": key})


class SyncroHands(PsaHands):
    """An account of SyncroMSP."""

    kind = "syncro"
    name = "Syncro"

    async def contacts(self, customer_id: str) -> list[PsaContact]:
        """See PsaHands."""
        answer = await self._mine("GET", f"contacts?customer_id={customer_id}")
        return [
            PsaContact(
                id=found["id"],
                customer_id=found["customer_id"],
                email=found["email"] or "",
                name=found["name"] or "",
                job_title=found["properties"].get("title") or "",
                phone=found["phone"] or "",
                department="",
                custom={name: value for name, value in found["properties"].items() if name != "title"},
            )
            for found in answer["contacts"]
        ]

    async def properties(self, customer_id: str) -> dict[str, str]:
        """The custom fields of a customer itself."""
        return dict((await self._mine("GET", f"customers/{customer_id}"))["properties"])

    async def new_key(self) -> str:
        """See PsaHands."""
        return str((await self._mine("POST", "tokens", {}))["token"])

    async def revoke_key(self, key: str) -> None:
        """See PsaHands."""
        await self._mine("POST", "tokens/revoke", {"token": key})
