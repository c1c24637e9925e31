"""The presets, for people who choose one."""

from fastapi import APIRouter

from shared.core.presets import PRESETS
from shared.web.api.keys import KeyedRoute
from shared.web.api.schemas import Part, PresetShown
from shared.web.services import READ

router = APIRouter(prefix="/presets", route_class=KeyedRoute)


@router.api_route("", methods=READ)
async def presets() -> Part[PresetShown]:
    """Every preset with all of its policies."""
    data = [PresetShown(preset=preset, configuration=policies) for preset, policies in PRESETS.items()]
    return Part(data=data, after=None)
