"""The pages of an account besides its first: licences and security across its customers."""

from fastapi import APIRouter

from shared.web.portal.accounts import licences, security

router = APIRouter()
for _part in (licences, security):
    router.include_router(_part.router)
