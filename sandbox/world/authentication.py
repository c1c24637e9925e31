"""Which authentication methods somebody has registered, and what follows from them.

Follows "userRegistrationDetails resource type" (learn.microsoft.com/graph/api/resources) and "Authentication
Methods Activity" (learn.microsoft.com/entra/identity/authentication).
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.world.directory import User
from sandbox.world.seeded import seeded

# As a second factor each is used in the way that a user's preference names; None: not as a second factor.
_STRONG: dict[str, str | None] = {
    "microsoftAuthenticatorPush": "push",
    "softwareOneTimePasscode": "oath",
    "hardwareOneTimePasscode": "oath",
    "mobilePhone": "sms",
    "alternateMobilePhone": "voiceAlternateMobile",
    "officePhone": "voiceOffice",
    "fido2": None,
    "passKeyDeviceBound": None,
    "windowsHelloForBusiness": None,
    "microsoftAuthenticatorPasswordless": None,
}
_PASSWORDLESS = frozenset(name for name, factor in _STRONG.items() if factor is None)
_FOR_RESET = frozenset(name for name, factor in _STRONG.items() if factor) | {"email", "securityQuestion"}
_USUAL = (
    ("microsoftAuthenticatorPush", "softwareOneTimePasscode"),
    ("mobilePhone", "microsoftAuthenticatorPush", "softwareOneTimePasscode"),
    ("mobilePhone",),
    ("mobilePhone", "email"),
    ("microsoftAuthenticatorPush", "softwareOneTimePasscode", "windowsHelloForBusiness"),
    ("fido2", "microsoftAuthenticatorPush", "softwareOneTimePasscode"),
)


@dataclass(frozen=True, slots=True)
class Registration:
    """The methods by Graph's names, whether policy allows them, and the second factor that was chosen."""

    methods: tuple[str, ...] = ()
    allowed: bool = True
    chosen: str | None = None

    @property
    def is_mfa_registered(self) -> bool:
        return any(method in _STRONG for method in self.methods)

    @property
    def is_mfa_capable(self) -> bool:
        return self.allowed and self.is_mfa_registered

    @property
    def is_passwordless_capable(self) -> bool:
        return self.allowed and not _PASSWORDLESS.isdisjoint(self.methods)

    @property
    def is_reset_registered(self) -> bool:
        """Whether there are methods enough to reset a password, which are two here."""
        return len(_FOR_RESET.intersection(self.methods)) > 1

    @property
    def strongest(self) -> str | None:
        """The second factor that the system would ask for."""
        factors = {factor for method in self.methods if (factor := _STRONG.get(method))}
        return next((factor for factor in _STRONG.values() if factor in factors), None)

    @property
    def preferred(self) -> str:
        return self.chosen or self.strongest or "none"


def seeded_registration(tenant_id: str, user: User) -> Registration:
    """Return what somebody has registered, always the same.

    Most members and some guests have; mailboxes of no person have not, nor has who came after the seeding.
    """
    if user.purpose != "user" or "createdDateTime" not in user.properties:
        return Registration()
    source = seeded(tenant_id, user.id, "authentication methods")
    fate, usual, allowed = source.random(), source.random(), source.random() > 0.06
    if fate < (0.3 if user.is_guest else 0.78):
        return Registration(_USUAL[int(usual * len(_USUAL))], allowed)
    return Registration(("email",) if usual < 0.2 else ())
