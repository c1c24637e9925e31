"""The pages of one customer besides its first: history, people, contacts, reviews, report."""

from fastapi import APIRouter

from shared.web.portal.customers import actions, contacts, history, people, report, reviews, setup_links

router = APIRouter()
for _part in (actions, history, people, contacts, reviews, report, setup_links):
    router.include_router(_part.router)
