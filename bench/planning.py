"""Planning alone: the pure function between reading and writing."""

from __future__ import annotations

import gc
import json
import statistics
import time
from collections.abc import Iterable
from typing import Any

from bench import population
from shared.adapters.graph import documents
from shared.core.configuration import Configuration
from shared.core.mirror import Snapshot
from shared.core.models import Contact
from shared.core.planning import Plan, make_plan


def plan(users: int, repeated: int) -> dict[str, Any]:
    """Median CPU seconds per user of planning a first import and of planning that nothing has changed."""
    body = json.dumps({"value": list(population.users(users))}).encode()
    page = documents.users(body).page
    directory = Snapshot({user.id: user for user in page.users}, {}, None, changed=True)
    seconds: dict[str, list[float]] = {"first_import": [], "unchanged": []}
    for _ in range(repeated):
        made, elapsed = _timed(directory, [])
        seconds["first_import"].append(elapsed / users)
        contacts = [
            Contact(change.object_id, change.fields, change.object_id)
            for change in made.writes()
            if change.fields is not None
        ]
        made, elapsed = _timed(directory, contacts)
        seconds["unchanged"].append(elapsed / users)
        assert made.unchanged == len(contacts)
    medians = {name: statistics.median(found) for name, found in seconds.items()}
    return {"users": users, "cpu_seconds_per_user": medians}


def _timed(directory: Snapshot, contacts: Iterable[Contact]) -> tuple[Plan, float]:
    gc.collect()
    began = time.process_time()
    made = make_plan(directory, contacts, Configuration())
    return made, time.process_time() - began
