"""The outside world in memory: one fake per port, each held to the same contract as the real adapter."""

from tests.fakes.clock import START, FakeClock
from tests.fakes.destination import FakeContactStore, FakeDestination
from tests.fakes.directory import FakeDirectories, FakeDirectory, FakeDirectoryReader, Manners
from tests.fakes.identity import FakeIdentityProvider, admin
from tests.fakes.process import Process, ProcessKilled
from tests.fakes.queue import FakeQueue
from tests.fakes.stores import (
    FakeAccountStore,
    FakeChangeLog,
    FakeConnectionStore,
    FakeCustomerStore,
    FakeMirrorStore,
    FakeOneTimeStore,
    FakeRunStore,
    FakeSecrets,
    FakeSlotStore,
)
from tests.fakes.world import ACCOUNT, TENANT, World, build_app, settings

__all__ = [
    "ACCOUNT",
    "START",
    "TENANT",
    "FakeAccountStore",
    "FakeChangeLog",
    "FakeClock",
    "FakeConnectionStore",
    "FakeContactStore",
    "FakeCustomerStore",
    "FakeDestination",
    "FakeDirectories",
    "FakeDirectory",
    "FakeDirectoryReader",
    "FakeIdentityProvider",
    "FakeMirrorStore",
    "FakeOneTimeStore",
    "FakeQueue",
    "FakeRunStore",
    "FakeSecrets",
    "FakeSlotStore",
    "Manners",
    "Process",
    "ProcessKilled",
    "World",
    "admin",
    "build_app",
    "settings",
]
