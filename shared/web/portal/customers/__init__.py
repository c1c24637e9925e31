"""The pages of one customer besides its first: history, people, contacts, those who need a decision."""

from fastapi import APIRouter

from shared.web.portal.customers import actions, contacts, history, people, reviews

router = APIRouter()
for _part in (actions, history, people, contacts, reviews):
    router.include_router(_part.router)
