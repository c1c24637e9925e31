"""What each of the seeded companies does, where it sits and what it pays Microsoft for."""

from __future__ import annotations

from sandbox.world import places
from sandbox.world.names import NAMES
from sandbox.world.population import Profile
from sandbox.world.skus import (
    APPS_FOR_BUSINESS,
    BUSINESS_BASIC,
    BUSINESS_PREMIUM,
    BUSINESS_PREMIUM_NO_TEAMS,
    BUSINESS_STANDARD,
    EXCHANGE_PLAN_1,
    OFFICE_365_E3,
    POWER_AUTOMATE_FREE,
    TEAMS_ROOMS,
)

_OFFICE_WORK = {
    "Finance": ("Accountant", "Payroll clerk", "Controller"),
    "Human Resources": ("Recruiter", "HR partner"),
    "IT": ("Support engineer", "Systems administrator"),
    "Sales": ("Account manager", "Sales lead"),
}

CONTOSO = Profile((places.BELLEVUE,), {}, (), company="Contoso")
HARBOUR = Profile(
    (places.HARBOUR,), {}, ((BUSINESS_STANDARD, 0.5), (BUSINESS_BASIC, 0.5)), company="Harbour Lane Dental"
)
ALDER = Profile(
    (places.LEEDS, places.BRISTOL),
    {
        "Architecture": ("Architect", "Part I assistant", "Technologist"),
        "Interiors": ("Designer",),
        **_OFFICE_WORK,
    },
    ((BUSINESS_PREMIUM, 0.5), (BUSINESS_STANDARD, 0.3), (APPS_FOR_BUSINESS, 0.05)),
    writing=("english", "english", "latin_diacritics"),
    company="Alder & Finch",
)
NORTHMOOR = Profile(
    (places.TACOMA, places.BOISE, places.RENO),
    {
        "Warehouse": ("Picker", "Shift lead", "Forklift operator"),
        "Dispatch": ("Dispatcher", "Route planner"),
        "Customs": ("Customs broker",),
        **_OFFICE_WORK,
    },
    ((BUSINESS_BASIC, 0.6), (BUSINESS_STANDARD, 0.2), (BUSINESS_PREMIUM, 0.1), (EXCHANGE_PLAN_1, 0.02)),
    company="Northmoor Logistics",
)
MERIDIAN = Profile(
    (places.TACOMA, places.BOISE, places.RENO, places.HAMBURG, places.LYON, places.SYDNEY),
    {
        "Grid Operations": ("Dispatcher", "Line technician", "Substation engineer"),
        "Metering": ("Meter technician", "Data analyst"),
        "Customer Care": ("Agent", "Team lead"),
        "Generation": ("Plant operator", "Turbine engineer"),
        **_OFFICE_WORK,
    },
    ((OFFICE_365_E3, 0.7), (BUSINESS_PREMIUM, 0.1), (POWER_AUTOMATE_FREE, 0.05)),
    writing=("english", "english", "english", "latin_diacritics"),
    company="Meridian Grid",
)
KOSMOPOLIS = Profile(
    (places.STOCKHOLM, places.HAMBURG, places.TOKYO, places.TBILISI, places.CAIRO),
    {
        "Translation": ("Translator", "Interpreter", "Übersetzer·in"),
        "編集": ("編集者", "校正者"),
        "Qualité ": ("Relecteur",),
        **_OFFICE_WORK,
    },
    ((BUSINESS_BASIC, 0.4), (BUSINESS_STANDARD, 0.2), (BUSINESS_PREMIUM_NO_TEAMS, 0.2), (TEAMS_ROOMS, 0.0)),
    writing=tuple(NAMES),
    company="Kosmopolis",
)
QUINCE = Profile(
    (places.ORCHARD,),
    {"Clinic": ("Veterinary surgeon", "Nurse"), "Front desk": ("Receptionist",)},
    ((BUSINESS_STANDARD, 0.8),),
    company="Quince Orchard",
)
OPERATOR = Profile((places.LEEDS,), {}, ((BUSINESS_BASIC, 1.0),), company="Tenantry")
