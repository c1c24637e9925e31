"""The setup of a customer, which a setup link opens too: connect, choose, preview, import."""

from fastapi import APIRouter

from shared.web.portal.setup.done import router as done
from shared.web.portal.setup.groups import router as groups
from shared.web.portal.setup.preview import router as preview
from shared.web.portal.setup.sites import router as sites
from shared.web.portal.setup.start import router as start
from shared.web.portal.setup.steps import router as steps

router = APIRouter()
for _part in (start, groups, sites, preview, done, steps):  # the last one takes any name
    router.include_router(_part)
