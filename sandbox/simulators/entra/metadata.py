"""What clients read before they begin: OpenID configuration, signing keys, instance discovery.

Follows "OpenID Connect on the Microsoft identity platform"
(learn.microsoft.com/entra/identity-platform/v2-protocols-oidc). Only what this simulator does is announced.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from sandbox.simulators.entra.accounts import find_addressed_tenant
from sandbox.simulators.entra.errors import EntraError
from sandbox.simulators.entra.state import EntraState


def openid_configuration(state: EntraState, tenant_name: str) -> dict[str, Any]:
    """Return the discovery document; without a single tenant its issuer is the `{tenantid}` template."""
    tenant = find_addressed_tenant(state.world, tenant_name)
    name = tenant.id if tenant else tenant_name
    base = f"{state.base_url}/{name}"
    return {
        "issuer": state.tokens.issuer(tenant.id if tenant else "{tenantid}"),
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "token_endpoint_auth_methods_supported": [
            "client_secret_post",
            "private_key_jwt",
            "client_secret_basic",
        ],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": [
            "sub",
            "iss",
            "aud",
            "exp",
            "iat",
            "nonce",
            "preferred_username",
            "name",
            "tid",
            "ver",
        ],
        "tenant_region_scope": None,
        "cloud_instance_name": urlsplit(state.base_url).netloc,
    }


def signing_keys(state: EntraState, tenant_name: str) -> dict[str, Any]:
    """Return the key set; a tenant's own names its issuer, the shared one the `{tenantid}` template."""
    tenant = find_addressed_tenant(state.world, tenant_name)
    return state.tokens.jwks(tenant.id) if tenant else state.tokens.jwks()


def instance_discovery(state: EntraState, authorization_endpoint: str) -> dict[str, Any]:
    """Return what is known about an authority; raises EntraError for one that is not this simulator."""
    asked, own = urlsplit(authorization_endpoint), urlsplit(state.base_url)
    if asked.hostname != own.hostname:
        raise EntraError(50049, host=asked.netloc)
    tenant_name = asked.path.split("/")[1]
    host = own.hostname
    return {
        "tenant_discovery_endpoint": f"{state.base_url}/{tenant_name}/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    }
