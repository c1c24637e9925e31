"""The portal: one customer's page, for a browser that was let in for that customer."""

from fastapi import APIRouter

from shared.web.portal import actions, entrance, reading
from shared.web.static_files import router as static_files

router = APIRouter()
for _part in (entrance.router, reading.router, actions.router, static_files):
    router.include_router(_part)
