"""The pages of an account besides its first: issues, licences and security across its customers."""

from fastapi import APIRouter

from shared.web.portal.accounts import issues, licences, security

router = APIRouter()
for _part in (issues, licences, security):
    router.include_router(_part.router)
