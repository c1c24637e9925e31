"""A simulated Microsoft Entra ID: sign-in, consent and tokens for every tenant of the world."""

from sandbox.simulators.entra.application import entra_application

__all__ = ["entra_application"]
