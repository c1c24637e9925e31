"""Phases that every kind of run goes through in the same way."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime

from shared.core.configuration import Configuration
from shared.core.mirror import Snapshot
from shared.core.models import Contact
from shared.core.planning import Plan, make_plan
from shared.core.reviews import Decision
from shared.ports import Destination
from shared.telemetry.spans import spanned


@spanned("run.read_contacts")
async def read_contacts(
    destination: Destination, since: datetime, alive: Callable[[], Awaitable[None]]
) -> list[Contact]:
    """Every contact of the customer, as it was at `since` or later; `alive` is called after every page."""
    contacts: list[Contact] = []
    async for page in destination.contacts(since):
        contacts += page
        await alive()
    return contacts


@spanned("run.plan")
async def plan(
    snapshot: Snapshot,
    contacts: list[Contact],
    configuration: Configuration,
    decided: Mapping[str, Decision],
    held: AbstractSet[str],
) -> Plan:
    """See make_plan; made in a thread, as it may take seconds."""
    return await asyncio.to_thread(make_plan, snapshot, contacts, configuration, decided, held)
