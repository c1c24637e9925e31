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
_FRONT_OFFICE = {"Office": ("Bookkeeper", "Office manager"), "Bookings": ("Coordinator",)}

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


def _small_office(
    company: str, place: places.Place, departments: dict[str, tuple[str, ...]], *, premium: float
) -> Profile:
    """A company under one roof; `premium` is the share of people with the best licence."""
    licences = ((BUSINESS_PREMIUM, premium), (BUSINESS_STANDARD, 0.9 - premium))
    return Profile((place,), {**departments, **_FRONT_OFFICE}, licences, company=company)


BRAMBLE = _small_office(
    "Bramble & Wick",
    places.LEEDS,
    {"Conveyancing": ("Solicitor", "Paralegal"), "Litigation": ("Solicitor", "Legal secretary")},
    premium=0.5,
)
OSPREY = _small_office(
    "Osprey Bay Marine",
    places.TACOMA,
    {"Boatyard": ("Rigger", "Diesel mechanic"), "Moorings": ("Harbour hand",)},
    premium=0.3,
)
THISTLE = _small_office(
    "Thistledown Nurseries",
    places.BRISTOL,
    {"Glasshouse": ("Grower", "Propagator"), "Deliveries": ("Driver",)},
    premium=0.2,
)
CINDER = _small_office(
    "Cinderpath Cycles",
    places.BOISE,
    {"Workshop": ("Mechanic", "Wheel builder"), "Shop floor": ("Assistant", "Shift lead")},
    premium=0.4,
)
KESTREL = _small_office(
    "Kestrel Ridge",
    places.RENO,
    {"Slopes": ("Instructor", "Lift operator"), "Rentals": ("Technician",)},
    premium=0.4,
)
MARLOW = _small_office(
    "Marlow Street Pharmacy",
    places.BELLEVUE,
    {"Dispensary": ("Pharmacist", "Dispenser"), "Counter": ("Assistant",)},
    premium=0.5,
)
OPERATOR = Profile((places.LEEDS,), {}, ((BUSINESS_BASIC, 1.0),), company="Tenantry")
