"""The portal: one customer's page, for a browser that was let in for that customer."""

from fastapi import APIRouter

from shared.web.portal.actions import router as actions
from shared.web.portal.entrance import router as entrance
from shared.web.portal.reading import router as reading
from shared.web.static_files import router as static_files

router = APIRouter()
for _part in (entrance, reading, actions, static_files):
    router.include_router(_part)
