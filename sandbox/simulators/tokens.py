"""Signs and checks the JSON Web Tokens that the simulated Microsoft Entra ID issues.

Follows "Access tokens in the Microsoft identity platform"
(learn.microsoft.com/entra/identity-platform/access-tokens) and "ID token claims reference"
(learn.microsoft.com/entra/identity-platform/id-token-claims-reference).
"""

from __future__ import annotations

import base64
import hashlib
import random
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from sandbox.world.model import DEFAULT_USER_ROLE, Application, Tenant, User, World

GRAPH_AUDIENCE = "https://graph.microsoft.com"
KEY_VAULT_AUDIENCE = "https://vault.azure.net"
PERSONAL_ACCOUNTS_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
ID_TOKEN_LIFETIME = timedelta(hours=1)
CLOCK_SKEW_SECONDS = 300

Claims = dict[str, Any]
Signing = Literal["own", "other-key", "consumer-key", "none"]


class InvalidToken(Exception):
    """A bearer token that a resource must refuse; `reason` says why in a few words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Forgery:
    """What to falsify in an id_token: claims to set, claims to leave out, and who signs it.

    `own` is the current key; `other-key` signs with an unpublished key under the current key's id;
    `consumer-key` signs with the published key that is bound to personal accounts; `none` leaves the token
    unsigned.
    """

    claims: Mapping[str, Any] = field(default_factory=dict)
    remove: frozenset[str] = frozenset()
    signing: Signing = "own"


class SigningKey:
    """An RSA key with the id under which it is published."""

    def __init__(self) -> None:
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = self.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.id = _base64url(hashlib.sha256(public).digest())

    def sign(self, claims: Claims, *, key_id: str | None = None) -> str:
        return jwt.encode(claims, self.private, algorithm="RS256", headers={"kid": key_id or self.id})

    def published(self, issuer: str) -> Claims:
        """Return the public half as a JWK; `issuer` tells whose tokens the key may sign."""
        key = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {**key, "use": "sig", "kid": self.id, "x5t": self.id, "alg": "RS256", "issuer": issuer}


class TokenAuthority:
    """The keys of the simulated Entra ID, and the tokens made with them.

    `base_url` is the address of the authority, set by the Entra simulator. `resources` holds the resource
    URIs that tokens can be asked for; a simulator with a resource of its own adds it. Times come from the
    world's clock.
    """

    def __init__(self, world: World, *, key: SigningKey | None = None, seed: int = 0) -> None:
        self.world = world
        self.base_url = "https://login.microsoftonline.com"
        self.resources = {GRAPH_AUDIENCE, KEY_VAULT_AUDIENCE}
        self._keys = [key or SigningKey()]
        self._random = random.Random(seed)  # noqa: S311 - token lifetimes, not secrets

    def issuer(self, tenant_id: str) -> str:
        return f"{self.base_url}/{tenant_id}/v2.0"

    def rotate_key(self, *, keep_previous: bool = True) -> str:
        """Start signing with a new key and return its id; unless kept, the previous keys verify no more."""
        self._keys = [SigningKey(), *(self._keys if keep_previous else [])]
        return self._keys[0].id

    def jwks(self, tenant_id: str = "{tenantid}") -> Claims:
        """Return the published keys; the issuer is the template unless a tenant asks for its own."""
        keys = [key.published(self.issuer(tenant_id)) for key in self._keys]
        return {"keys": [*keys, self._consumer_key.published(self.issuer(PERSONAL_ACCOUNTS_TENANT))]}

    def draw_lifetime(self) -> timedelta:
        """Return how long an access token lives: between 60 and 90 minutes, at random."""
        return timedelta(seconds=self._random.randint(3600, 5400))

    def issue_access_token(
        self,
        tenant: Tenant,
        application: Application,
        audience: str,
        *,
        roles: Iterable[str] = (),
        scopes: Iterable[str] = (),
        user: User | None = None,
        lifetime: timedelta | None = None,
    ) -> str:
        """Return an access token: with a user it carries `scp`, without one `roles`."""
        claims = self._base_claims(lifetime or self.draw_lifetime()) | {
            "aud": audience,
            "iss": f"{self.base_url}/{tenant.id}/",
            "appid": application.client_id,
            "app_displayname": application.display_name,
            "tid": tenant.id,
            "ver": "1.0",
        }
        if user:
            claims |= {"idtyp": "user", "oid": user.id, "upn": user.user_principal_name}
            claims |= {"scp": " ".join(sorted(scopes)), "wids": directory_roles(user)}
        else:
            claims |= {"idtyp": "app", "oid": _principal_id(tenant, application)}
            # An application without permissions gets a token that has no `roles` at all.
            claims |= {"roles": granted} if (granted := sorted(roles)) else {}
        return self._keys[0].sign(claims)

    def issue_id_token(
        self,
        tenant: Tenant,
        application: Application,
        user: User,
        *,
        scopes: Iterable[str],
        nonce: str | None = None,
        forgery: Forgery | None = None,
    ) -> str:
        """Return a v2.0 id_token; `oid`, `name`, `preferred_username` need the profile scope."""
        requested = set(scopes)
        claims = self._base_claims(ID_TOKEN_LIFETIME) | {
            "aud": application.client_id,
            "iss": self.issuer(tenant.id),
            "sub": _base64url(hashlib.sha256(f"{user.id} {application.client_id}".encode()).digest()),
            "tid": tenant.id,
            "sid": str(uuid.uuid4()),
            "ver": "2.0",
        }
        if nonce:
            claims["nonce"] = nonce
        if "profile" in requested:
            claims |= {"oid": user.id, "name": user.display_name}
            claims["preferred_username"] = user.home_upn or user.user_principal_name
        if "email" in requested and user.mail:
            claims["email"] = user.mail
        if getattr(application, "directory_roles_in_tokens", True):
            claims["wids"] = directory_roles(user)
        if getattr(application, "account_type_in_tokens", True):
            claims["acct"] = int(user.is_guest)
        return self._forge(claims, forgery) if forgery else self._keys[0].sign(claims)

    def verify_access_token(self, token: str, audience: str) -> Claims:
        """Return the claims of a token that is good for `audience`, or raise InvalidToken."""
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
            key = next((key for key in self._keys if key.id == key_id), None)
            if key is None:
                raise InvalidToken("the signing key is unknown")
            # PyJWT would judge the times by the machine's clock; the world may have one of its own.
            claims = jwt.decode(
                token,
                key.private.public_key(),
                algorithms=["RS256"],
                options={"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except jwt.PyJWTError as error:
            raise InvalidToken("the token is malformed or its signature is wrong") from error
        now = int(self.world.now().timestamp())
        if str(claims.get("aud", "")).rstrip("/") != audience.rstrip("/"):
            raise InvalidToken("the audience is wrong")
        if claims.get("iss") != f"{self.base_url}/{claims.get('tid')}/":
            raise InvalidToken("the issuer is wrong")
        if claims["exp"] <= now:
            raise InvalidToken("the lifetime has ended")
        if claims["nbf"] > now + CLOCK_SKEW_SECONDS:
            raise InvalidToken("the lifetime has not begun")
        return claims

    def _base_claims(self, lifetime: timedelta) -> Claims:
        now = int(self.world.now().timestamp())
        expires = now + int(lifetime.total_seconds())
        return {"iat": now, "nbf": now, "exp": expires, "uti": _base64url(uuid.uuid4().bytes), "rh": "0."}

    def _forge(self, claims: Claims, forgery: Forgery) -> str:
        falsified = {name: value for name, value in claims.items() if name not in forgery.remove}
        falsified |= forgery.claims
        match forgery.signing:
            case "own":
                return self._keys[0].sign(falsified)
            case "other-key":
                return SigningKey().sign(falsified, key_id=self._keys[0].id)
            case "consumer-key":
                return self._consumer_key.sign(falsified)
            case "none":
                return jwt.encode(falsified, key="", algorithm="none", headers={"kid": self._keys[0].id})

    @cached_property
    def _consumer_key(self) -> SigningKey:
        return SigningKey()


def directory_roles(user: User) -> list[str]:
    """Return the `wids` claim: the user's active directory roles and the pseudo-role that everybody has."""
    return sorted({*user.directory_roles, DEFAULT_USER_ROLE})


def _principal_id(tenant: Tenant, application: Application) -> str:
    principal = tenant.service_principals.get(application.client_id)
    # At home an application gets tokens for some resources before it has a service principal in the world.
    return principal.id if principal else str(uuid.uuid5(uuid.UUID(tenant.id), application.client_id))


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
