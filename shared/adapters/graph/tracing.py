"""Requests to Graph get the app's own spans; the SDK's carry whole addresses, which hold delta tokens."""

from typing import Any, cast

import httpx
from kiota_abstractions import request_information
from kiota_authentication_azure import azure_identity_access_token_provider
from kiota_http import httpx_request_adapter

from shared.telemetry.spans import NOBODY, calling

# The SDK has no switch for them.
httpx_request_adapter.tracer = NOBODY
request_information.tracer = NOBODY
azure_identity_access_token_provider.tracer = NOBODY


def traced(http: httpx.AsyncClient) -> httpx.AsyncClient:
    """The client as the SDK's request adapter uses it, with a span for every request that it sends."""
    return cast(httpx.AsyncClient, _Traced(http))


class _Traced:
    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self.base_url = http.base_url

    def build_request(self, *arguments: Any, **options: Any) -> httpx.Request:
        return self._http.build_request(*arguments, **options)

    async def send(self, request: httpx.Request) -> httpx.Response:
        with calling("graph", request.method) as call:
            answer = await self._http.send(request)
            call.answered(answer.status_code)
            return answer
