"""A blueprint."""

from __future__ import annotations

import azure.functions as func

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]


@blueprint.route(route="from-a-blueprint", auth_level=func.AuthLevel.ANONYMOUS)
async def from_a_blueprint(req: func.HttpRequest) -> str:
    return "blueprint"
