"""The portal: the pages of one customer, or of an account and all of its customers."""

from fastapi import APIRouter

from shared.web.portal.account import router as account
from shared.web.portal.accounts import router as accounts
from shared.web.portal.actions import router as actions
from shared.web.portal.customers import router as customers
from shared.web.portal.entrance import router as entrance
from shared.web.portal.reading import router as reading
from shared.web.portal.setup import router as setup
from shared.web.portal.setup_entrance import router as setup_entrance
from shared.web.static_files import router as static_files

router = APIRouter()
for _part in (entrance, setup_entrance, account, accounts, setup, reading, actions, customers, static_files):
    router.include_router(_part)
