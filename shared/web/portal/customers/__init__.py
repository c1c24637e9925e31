"""The pages of one customer besides its first: history, people, contacts, reviews, report."""

from fastapi import APIRouter

from shared.web.portal.customers.actions import router as actions
from shared.web.portal.customers.history import router as history
from shared.web.portal.customers.people import router as people

router = APIRouter()
for _part in (actions, history, people):
    router.include_router(_part)
