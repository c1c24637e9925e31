"""How an application proves who it is: by a secret, or by an assertion signed with its certificate.

Follows "Microsoft identity platform application authentication certificate credentials"
(learn.microsoft.com/entra/identity-platform/certificate-credentials).
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

import jwt
from aiohttp import BasicAuth
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from sandbox.simulators.entra.errors import EntraError
from sandbox.simulators.entra.state import EntraState
from sandbox.world.model import Application

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CLOCK_SKEW_SECONDS = 300


def with_basic_credentials(form: Mapping[str, str], authorization: str | None) -> dict[str, str]:
    """Return the form completed with the client id and secret of an HTTP Basic header, if there is one."""
    if not authorization or not authorization.lower().startswith("basic "):
        return dict(form)
    try:
        credentials = BasicAuth.decode(authorization)
    except ValueError:
        return dict(form)
    return {**form, "client_id": credentials.login, "client_secret": credentials.password}


def authenticate(
    state: EntraState, application: Application, form: Mapping[str, str], audiences: frozenset[str]
) -> None:
    """Check the client's credential; raises EntraError when it is missing or wrong."""
    if assertion := form.get("client_assertion"):
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise EntraError(900144, parameter="client_assertion_type")
        _check_assertion(state, application, assertion, audiences)
    elif secret := form.get("client_secret"):
        known = [
            hmac.compare_digest(secret.encode(), candidate.encode()) for candidate in application.secrets
        ]
        if not any(known):
            raise EntraError(7000215, client_id=application.client_id)
    else:
        raise EntraError(7000218)


def _check_assertion(
    state: EntraState, application: Application, assertion: str, audiences: frozenset[str]
) -> None:
    claims = None
    for certificate in state.certificates.get(application.client_id, []):
        public_key = x509.load_pem_x509_certificate(certificate.encode()).public_key()
        if not isinstance(public_key, RSAPublicKey):
            continue
        try:
            claims = jwt.decode(
                assertion,
                public_key,
                algorithms=["RS256", "PS256"],
                audience=audiences,
                issuer=application.client_id,
                subject=application.client_id,
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": ["exp"]},
            )
        except jwt.InvalidSignatureError:
            continue
        except jwt.PyJWTError as error:
            raise EntraError(700027, reason=str(error)) from error
    if claims is None:
        raise EntraError(700027, reason="it is not signed with a registered certificate")
    now = state.world.now().timestamp()
    if not claims.get("nbf", 0) - CLOCK_SKEW_SECONDS <= now <= claims["exp"] + CLOCK_SKEW_SECONDS:
        raise EntraError(700027, reason="it is not within its time range")
