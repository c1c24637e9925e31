"""What authorize and adminconsent share: a person signs in, decides, and is sent back."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from aiohttp import web

from sandbox.simulators.entra.accounts import accounts_to_offer, sign_in
from sandbox.simulators.entra.errors import EntraError, error_fields
from sandbox.simulators.entra.pages import page
from sandbox.simulators.entra.permissions import describe
from sandbox.simulators.entra.state import EntraState
from sandbox.world.model import Application, Tenant, User

ResponseMode = Literal["query", "form_post", "fragment"]
_MODES: dict[str | None, ResponseMode] = {"form_post": "form_post", "fragment": "fragment"}


@dataclass(frozen=True, slots=True)
class ReplyAddress:
    """Where and how the outcome is reported to the application; a given `state` goes back unchanged."""

    redirect_uri: str
    mode: ResponseMode = "query"
    state: str | None = None

    @classmethod
    def parse(cls, application: Application, parameters: Mapping[str, str]) -> ReplyAddress:
        """Read where to reply; raises EntraError unless the redirect URI is registered, to the letter."""
        redirect_uri = require(parameters, "redirect_uri")
        if redirect_uri not in application.redirect_uris:
            raise EntraError(50011, redirect_uri=redirect_uri, client_id=application.client_id)
        mode = _MODES.get(parameters.get("response_mode"), "query")
        return cls(redirect_uri, mode, parameters.get("state"))

    def reply(self, fields: Mapping[str, str]) -> web.Response:
        """Send the person back to the application with these fields."""
        fields = {**fields, **({} if self.state is None else {"state": self.state})}
        if self.mode == "form_post":
            return page("form_post", action=self.redirect_uri, fields=fields)
        separator = "#" if self.mode == "fragment" else "&" if "?" in self.redirect_uri else "?"
        location = f"{self.redirect_uri}{separator}{urlencode(fields)}"
        return web.Response(status=302, headers={"Location": location, "Cache-Control": "no-store"})


class Flow(ABC):
    """A visit of one person: the sign-in page, a consent page if needed, then back to the application."""

    consent_page: str
    decline_error: str

    def __init__(
        self,
        state: EntraState,
        application: Application,
        addressed_tenant: Tenant | None,
        reply_address: ReplyAddress,
        login_hint: str = "",
    ) -> None:
        self.state = state
        self.application = application
        self.addressed_tenant = addressed_tenant
        self.reply_address = reply_address
        self.login_hint = login_hint
        self.id = state.open_flow(self)
        self._signed_in: tuple[Tenant, User] | None = None

    def sign_in_page(self, problem: str = "", account: str = "") -> web.Response:
        return page(
            "sign_in",
            flow=self.id,
            application=self.application.display_name,
            tenant=self.addressed_tenant.display_name if self.addressed_tenant else None,
            groups=accounts_to_offer(self.state.world, self.addressed_tenant),
            account=account or self.login_hint,
            problem=problem,
        )

    def submit_account(self, account: str) -> web.Response:
        """Sign somebody in; a name that does not work brings the sign-in page back with the reason."""
        try:
            self._signed_in = sign_in(self.state.world, self.addressed_tenant, account.strip())
        except EntraError as failure:
            return self.sign_in_page(str(failure), account)
        return self._report_errors(self._continue, *self._signed_in)

    def submit_decision(self, accepted: bool) -> web.Response:
        """Go on after the consent page; raises EntraError when nobody has signed in."""
        if self._signed_in is None:
            raise EntraError(165000)
        if accepted:
            return self._report_errors(self._accept, *self._signed_in)
        if self.may_approve(self._signed_in[1]):
            return self.finish(reported_error(self.state, EntraError(65004)) | {"error": self.decline_error})
        return self.finish(reported_error(self.state, EntraError(90094)))

    def finish(self, fields: dict[str, str]) -> web.Response:
        self.state.close_flow(self.id)
        return self.reply_address.reply(fields)

    def ask_for_consent(self, tenant: Tenant, user: User, permissions: list[str]) -> web.Response:
        """Show the consent page, or the page that says who could approve when this person may not."""
        return page(
            self.consent_page if self.may_approve(user) else "approval_required",
            flow=self.id,
            application=self.application.display_name,
            tenant=tenant.display_name,
            account=user.home_upn or user.user_principal_name,
            permissions=[(name, describe(name)) for name in permissions],
        )

    @abstractmethod
    def may_approve(self, user: User) -> bool:
        """Say whether this person may consent to what the application asks."""

    @abstractmethod
    def _continue(self, tenant: Tenant, user: User) -> web.Response: ...

    @abstractmethod
    def _accept(self, tenant: Tenant, user: User) -> web.Response: ...

    def _report_errors(
        self, step: Callable[[Tenant, User], web.Response], tenant: Tenant, user: User
    ) -> web.Response:
        try:
            return step(tenant, user)
        except EntraError as failure:
            return self.finish(reported_error(self.state, failure))


def reported_error(state: EntraState, failure: EntraError) -> dict[str, str]:
    """Return the fields that tell an application about a failure through its redirect URI."""
    fields = error_fields(failure, state.world.now(), str(uuid.uuid4()), state.base_url)
    return {name: fields[name] for name in ("error", "error_description", "error_uri") if name in fields}


def require(parameters: Mapping[str, str], name: str) -> str:
    """Return a parameter; raises EntraError when it is missing or empty."""
    if not (value := parameters.get(name)):
        raise EntraError(900144, parameter=name)
    return value
