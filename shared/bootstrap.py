"""The only place that names concrete adapters."""

from dataclasses import dataclass

from shared.ports import ChangeLog, Clock, ContactStore
from shared.services.access import Access
from shared.services.customers import Customers
from shared.services.fan_out import FanOut
from shared.services.housekeeping import Housekeeping
from shared.services.onboarding import Onboarding
from shared.services.worker import Worker
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class App:
    """The services, wired."""

    settings: Settings
    clock: Clock
    access: Access
    customers: Customers
    onboarding: Onboarding
    changes: ChangeLog
    contacts: ContactStore
    worker: Worker
    fan_out: FanOut
    housekeeping: Housekeeping
