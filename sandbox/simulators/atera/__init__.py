"""A simulated Atera API v3: accounts with their customers, contacts, departments and custom values."""

from sandbox.simulators.atera.account import AteraAccount
from sandbox.simulators.atera.application import atera_application
from sandbox.simulators.atera.behaviour import Behaviour
from sandbox.simulators.atera.records import AteraContact
from sandbox.simulators.atera.state import Atera

__all__ = ["Atera", "AteraAccount", "AteraContact", "Behaviour", "atera_application"]
