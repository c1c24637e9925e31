"""What the services need from the outside; the docstrings are the contract that every adapter is held to.

Every method may raise `RetryLater` when the other side is unavailable. Times are UTC.
"""

from shared.ports.common import Clock, Page, Stored
from shared.ports.destination import ContactStore, Destination, Destinations, StoredContact
from shared.ports.directory import Directories, DirectoryGroup, DirectoryReader, Organization
from shared.ports.outside import Budgets, IdentityProvider, Queue, Secrets, SignIn
from shared.ports.storage import (
    AccountStore,
    ChangeLog,
    ConnectionStore,
    CustomerStore,
    MirrorStore,
    OneTimeStore,
    OpenSlot,
    ReportStore,
    ReviewStore,
    RunStore,
    ScheduledConnection,
    SlotStore,
)

__all__ = [
    "AccountStore",
    "Budgets",
    "ChangeLog",
    "Clock",
    "ConnectionStore",
    "ContactStore",
    "CustomerStore",
    "Destination",
    "Destinations",
    "Directories",
    "DirectoryGroup",
    "DirectoryReader",
    "IdentityProvider",
    "MirrorStore",
    "OneTimeStore",
    "OpenSlot",
    "Organization",
    "Page",
    "Queue",
    "ReportStore",
    "ReviewStore",
    "RunStore",
    "ScheduledConnection",
    "Secrets",
    "SignIn",
    "SlotStore",
    "Stored",
    "StoredContact",
]
