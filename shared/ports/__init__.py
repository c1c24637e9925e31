"""What the services need from the outside; the docstrings are the contract that every adapter is held to.

Every method may raise `RetryLater` when the other side is unavailable. Times are UTC.
"""

from shared.ports.common import Clock, Page, Stored
from shared.ports.destination import ContactStore, ContactStores, Destination, Destinations, StoredContact
from shared.ports.directory import Directories, DirectoryGroup, DirectoryReader, Organization
from shared.ports.events import EventFilter, EventStore, FeedPart
from shared.ports.outside import Budgets, IdentityProvider, Queue, SecretProperties, Secrets, SignIn
from shared.ports.psa import (
    AccountDestinationStore,
    CustomFields,
    CustomFieldStore,
    FoundCustomer,
    LinkStore,
    ListingHead,
    ListingStore,
    PsaAccount,
    PsaAccounts,
    PsaIdentity,
    Tenants,
)
from shared.ports.storage import (
    AccountStore,
    BrakeStore,
    ChangeLog,
    ConnectionStore,
    CustomerStore,
    MirrorStore,
    OneTimeStore,
    OpenSlot,
    PriceStore,
    ReportStore,
    ReviewStore,
    RunStore,
    ScheduledConnection,
    SlotStore,
)
from shared.ports.webhooks import Answer, DeliveryFailed, DeliveryStore, Receivers, WebhookStore

__all__ = [
    "AccountDestinationStore",
    "AccountStore",
    "Answer",
    "BrakeStore",
    "Budgets",
    "ChangeLog",
    "Clock",
    "ConnectionStore",
    "ContactStore",
    "ContactStores",
    "CustomFieldStore",
    "CustomFields",
    "CustomerStore",
    "DeliveryFailed",
    "DeliveryStore",
    "Destination",
    "Destinations",
    "Directories",
    "DirectoryGroup",
    "DirectoryReader",
    "EventFilter",
    "EventStore",
    "FeedPart",
    "FoundCustomer",
    "IdentityProvider",
    "LinkStore",
    "ListingHead",
    "ListingStore",
    "MirrorStore",
    "OneTimeStore",
    "OpenSlot",
    "Organization",
    "Page",
    "PriceStore",
    "PsaAccount",
    "PsaAccounts",
    "PsaIdentity",
    "Queue",
    "Receivers",
    "ReportStore",
    "ReviewStore",
    "RunStore",
    "ScheduledConnection",
    "SecretProperties",
    "Secrets",
    "SignIn",
    "SlotStore",
    "Stored",
    "StoredContact",
    "Tenants",
    "WebhookStore",
]
