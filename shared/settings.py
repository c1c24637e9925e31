"""The only reader of the environment. Whatever is missing or wrong is named when the app starts."""

from collections.abc import Mapping
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from shared.core.credential import Credential, CredentialKind
from shared.core.schedule import is_schedule

TALKATIVE_INSTRUMENTATIONS = ("azure_sdk", "fastapi", "httpx", "httpx2", "requests", "urllib", "urllib3")
"""Their spans carry whole addresses: delta tokens, one-use links, codes of a sign-in."""
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class SettingsError(Exception):
    """The settings do not make sense; the text names each setting and what is wrong with it."""


def _https(url: str) -> str:
    if not _is_base_address(url):
        raise ValueError("must be an https:// address with nothing but a host and a path")
    return url.rstrip("/")


def _http(url: str) -> str:
    if not _is_base_address(url.replace("http://", "https://", 1)):
        raise ValueError("must be an http:// or https:// address with nothing but a host and a path")
    return url.rstrip("/")


def _is_base_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    encrypted = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    more = "@" in parts.netloc or parts.query or parts.fragment
    return encrypted and bool(parts.hostname) and not more


def _with_subdomain(url: str) -> str:
    if url.count("{subdomain}") != 1 or not _is_base_address(url.replace("{subdomain}", "subdomain")):
        raise ValueError("must be an https:// address with {subdomain} where an account's own name belongs")
    return url.rstrip("/")


def _schedule(expression: str) -> str:
    if not is_schedule(expression):
        raise ValueError("must be six NCRONTAB fields, seconds first, such as 0 0 */12 * * *")
    return expression


def _seconds(text: object) -> object:
    try:
        return float(text) if isinstance(text, str) else text
    except ValueError:
        raise ValueError("must be a number of seconds") from None


def _networks(text: object) -> object:
    try:
        return [ip_network(part.strip()) for part in text.split(",")] if isinstance(text, str) else text
    except ValueError:
        raise ValueError("must be networks such as 10.1.0.0/16, separated by commas") from None


def _names(text: object) -> object:
    return tuple(name.strip() for name in text.split(",")) if isinstance(text, str) else text


Url = Annotated[str, AfterValidator(_https)]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(_networks)]
SyncroUrl = Annotated[str, AfterValidator(_with_subdomain)]
Calls = Annotated[int, Field(ge=6, le=100_000)]
Seconds = Annotated[timedelta, BeforeValidator(_seconds)]
Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
Collector = Annotated[str, AfterValidator(_http)]


class Settings(BaseModel):
    """Every setting of the app by its environment name. None of them is a secret, but `AzureWebJobsStorage`
    may hold an account key where a storage emulator is used."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    public_url: Url = Field(alias="PUBLIC_URL")
    key_vault_url: Url = Field(alias="KEY_VAULT_URL")
    entra_authority: Url = Field("https://login.microsoftonline.com", alias="ENTRA_AUTHORITY")
    entra_client_id: str = Field(alias="ENTRA_CLIENT_ID", min_length=1)
    entra_client_secret_name: str | None = Field(None, alias="ENTRA_CLIENT_SECRET_NAME")
    entra_client_certificate_name: str | None = Field(None, alias="ENTRA_CLIENT_CERTIFICATE_NAME")
    entra_managed_identity_client_id: str | None = Field(None, alias="ENTRA_MANAGED_IDENTITY_CLIENT_ID")
    entra_exchange_audience: str = Field("api://AzureADTokenExchange", alias="ENTRA_EXCHANGE_AUDIENCE")
    graph_url: Url = Field("https://graph.microsoft.com", alias="GRAPH_URL")
    atera_url: Url = Field("https://app.atera.com", alias="ATERA_URL")
    syncro_url: SyncroUrl = Field("https://{subdomain}.syncromsp.com", alias="SYNCRO_URL")
    atera_calls: Calls = Field(600, alias="ATERA_CALLS_PER_MINUTE")
    syncro_calls: Calls = Field(150, alias="SYNCRO_CALLS_PER_MINUTE")
    graph_resource: Url = Field("https://graph.microsoft.com", alias="GRAPH_RESOURCE")
    storage_connection_string: str | None = Field(None, alias="AzureWebJobsStorage")
    storage_table_url: Url | None = Field(None, alias="AzureWebJobsStorage__tableServiceUri")
    storage_queue_url: Url | None = Field(None, alias="AzureWebJobsStorage__queueServiceUri")
    sync_schedule: Annotated[str, AfterValidator(_schedule)] = Field("0 0 */12 * * *", alias="SYNC_SCHEDULE")
    sync_spread: Seconds = Field(timedelta(hours=1), alias="SYNC_SPREAD_SECONDS", ge=timedelta(0))
    sync_time_budget: Seconds = Field(timedelta(minutes=4), alias="SYNC_TIME_BUDGET_SECONDS", gt=timedelta(0))
    webhook_networks: Networks = Field((), alias="WEBHOOK_NETWORKS")
    sync_lease: Seconds = Field(timedelta(seconds=60), alias="SYNC_LEASE_SECONDS", ge=timedelta(seconds=3))
    application_insights: bool = Field(False, alias="PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY")
    disabled_instrumentations: Names = Field((), alias="OTEL_PYTHON_DISABLED_INSTRUMENTATIONS")
    collector: Collector | None = Field(None, alias="OTEL_EXPORTER_OTLP_ENDPOINT")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        credentials = (
            self.entra_client_secret_name,
            self.entra_client_certificate_name,
            self.entra_managed_identity_client_id,
        )
        if sum(1 for credential in credentials if credential) != 1:
            raise ValueError(
                "set exactly one of ENTRA_MANAGED_IDENTITY_CLIENT_ID, ENTRA_CLIENT_CERTIFICATE_NAME and "
                "ENTRA_CLIENT_SECRET_NAME"
            )
        if self.application_insights and not set(TALKATIVE_INSTRUMENTATIONS).issubset(
            self.disabled_instrumentations
        ):
            names = ",".join(TALKATIVE_INSTRUMENTATIONS)
            raise ValueError(
                f"set OTEL_PYTHON_DISABLED_INSTRUMENTATIONS to {names}, or telemetry would hold secrets"
            )
        if not self.storage_connection_string and not (self.storage_table_url and self.storage_queue_url):
            raise ValueError(
                "set AzureWebJobsStorage, or AzureWebJobsStorage__tableServiceUri and "
                "AzureWebJobsStorage__queueServiceUri for an identity-based connection"
            )
        return self

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Read the settings. Empty ones count as not set. Raises SettingsError."""
        given = {name: value for name, value in environment.items() if value}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            lines = [f"{'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}" for e in error.errors()]
            raise SettingsError("The settings are not complete:\n" + "\n".join(lines)) from None

    @property
    def exports_telemetry(self) -> bool:
        """Whether the app itself sends its telemetry; where Application Insights is on, the worker does."""
        return self.collector is not None and not self.application_insights

    @property
    def credential(self) -> Credential:
        """What the app proves to Microsoft with that it is itself."""
        if self.entra_managed_identity_client_id:
            return Credential(CredentialKind.MANAGED_IDENTITY)
        if self.entra_client_certificate_name:
            return Credential(CredentialKind.CERTIFICATE, self.entra_client_certificate_name)
        return Credential(CredentialKind.SECRET, self.entra_client_secret_name)

    @property
    def redirect_uri(self) -> str:
        """Where Microsoft sends the browser back to; registered with the application."""
        return f"{self.public_url}/connect/callback"

    @property
    def graph_scope_prefix(self) -> str:
        """What a delegated permission's name is appended to: Microsoft Graph of the cloud in use."""
        return f"{self.graph_resource}/"

    @property
    def graph_default_scope(self) -> str:
        """All permissions that were approved."""
        return f"{self.graph_resource}/.default"
