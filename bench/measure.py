"""One measurement in a process of its own: `python -m bench.measure NAME ARGUMENTS`, both ways in JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Coroutine, Mapping
from typing import Any

from sandbox.children import run_module

LONGEST = 1_800.0  # seconds


def measured(name: str, environment: Mapping[str, str], **arguments: Any) -> dict[str, Any]:
    """What the measurement `name` found, carried out in a new process with this environment."""
    printed = run_module(["bench.measure", name, json.dumps(arguments)], environment, timeout=LONGEST)
    found: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return found


def main(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Carry one out here. Each imports only what it measures."""
    if name == "plan":
        from bench import planning

        return planning.plan(**arguments)
    if name == "compare":
        from bench import reading

        return asyncio.run(reading.compare(**arguments))
    from bench import runs

    found: Coroutine[Any, Any, dict[str, Any]] = getattr(runs, name)(**arguments)
    return asyncio.run(found)


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], json.loads(sys.argv[2]))))
