"""The services, as routes take them."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from shared.app import App

READ = ["GET", "HEAD"]
"""The methods of an address that can be read."""


def services_of(request: Request) -> App:
    """The services that `create` was given."""
    app: App = request.app.state.services
    return app


Services = Annotated[App, Depends(services_of)]
