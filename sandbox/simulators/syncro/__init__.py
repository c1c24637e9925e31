"""A simulated SyncroMSP API v1: accounts with their customers and contacts."""

from sandbox.simulators.syncro.account import SyncroAccount
from sandbox.simulators.syncro.application import syncro_application
from sandbox.simulators.syncro.behaviour import Behaviour
from sandbox.simulators.syncro.contacts import SyncroContact
from sandbox.simulators.syncro.customers import SyncroCustomer
from sandbox.simulators.syncro.state import Syncro

__all__ = [
    "Behaviour",
    "Syncro",
    "SyncroAccount",
    "SyncroContact",
    "SyncroCustomer",
    "syncro_application",
]
