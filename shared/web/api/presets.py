"""The presets, for people who choose one."""

from fastapi import APIRouter

from shared.core.api_key import Resource
from shared.core.presets import PRESETS
from shared.web.api.keys import keyed
from shared.web.api.schemas import Part, PresetShown
from shared.web.services import READ

router = APIRouter(prefix="/presets", route_class=keyed(Resource.CONNECTIONS))


@router.api_route("", methods=READ)
async def presets() -> Part[PresetShown]:
    """Every preset with all of its policies."""
    data = [PresetShown(preset=preset, configuration=policies) for preset, policies in PRESETS.items()]
    return Part(data=data, after=None)
