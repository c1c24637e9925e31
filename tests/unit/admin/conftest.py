"""The command line on a world in memory."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from typer.testing import CliRunner, Result

from shared import bootstrap
from shared.admin import app
from shared.core.audit import Act, acts
from shared.core.customer import Account
from tests.fakes import ACCOUNT, World
from tests.fakes.process import Process

T = TypeVar("T")


@dataclass
class CommandLine:
    """Runs verbs, each as a process of its own, on one world."""

    world: World
    process: Process | None = None

    def __call__(self, *arguments: str, given: str | bytes | None = None) -> Result:
        return CliRunner().invoke(app, arguments, input=given)

    def json(self, *arguments: str, given: str | bytes | None = None, status: int = 0) -> Any:
        """The one document that the verb prints; it must end with `status` and say nothing else there."""
        result = self(*arguments, "--json", given=given)
        assert result.exit_code == status, result.output
        return json.loads(result.stdout)

    def error(self, *arguments: str, status: int = 1) -> dict[str, str]:
        """The error that the verb ends with, and nothing on stdout."""
        result = self(*arguments, "--json")
        assert (result.exit_code, result.stdout) == (status, ""), result.output
        error: dict[str, str] = json.loads(result.stderr)["error"]
        return error

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Let something happen in the world."""
        return asyncio.run(work)

    @property
    def acts(self) -> list[Act]:
        """What the audit log says was done, oldest first; what was only looked at is in `looks`."""
        return [act for act in self._written if not act.looked]

    @property
    def looks(self) -> list[Act]:
        """What the audit log says was looked at, oldest first."""
        return [act for act in self._written if act.looked]

    @property
    def _written(self) -> list[Act]:
        rows = sorted(self.world.audit.rows, key=lambda row: (row.begun_at, row.act))
        return list(acts(rows))


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> CommandLine:
    """The command line on a new world, with an account."""
    caplog.set_level(logging.INFO, "tenantry")
    line = CommandLine(World())
    monkeypatch.setattr(bootstrap, "new_operations", lambda: line.world.start_operations(line.process))
    line.wait(line.world.accounts.add(Account(ACCOUNT, "Example MSP", line.world.clock.now())))
    return line
