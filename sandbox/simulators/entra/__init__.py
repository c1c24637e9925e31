"""A simulated Microsoft Entra ID: sign-in, consent and tokens for every tenant of the world.

Follows "Microsoft identity platform documentation" (learn.microsoft.com/entra/identity-platform); each module
names the pages it was written from.
"""

from sandbox.simulators.entra.application import entra_application

__all__ = ["entra_application"]
