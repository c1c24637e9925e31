"""Offices of fictional companies, and phone numbers from the ranges that regulators keep for fiction."""

from __future__ import annotations

import random
from typing import NamedTuple

from sandbox.world.directory import Properties


class Place(NamedTuple):
    """An office with its address; `country` is the name, `usage_location` the two-letter code."""

    office: str
    street: str
    city: str
    state: str
    postal_code: str
    country: str
    usage_location: str
    language: str

    def properties(self) -> Properties:
        """Return the Graph properties of somebody who works here; a state or a postcode may not exist."""
        values = {
            "officeLocation": self.office,
            "streetAddress": self.street,
            "city": self.city,
            "state": self.state,
            "postalCode": self.postal_code,
            "country": self.country,
            "usageLocation": self.usage_location,
            "preferredLanguage": self.language,
        }
        return {name: value for name, value in values.items() if value}


# Business and mobile numbers per country; every country that is not listed uses the North American 555-01xx.
_FICTIONAL_NUMBERS = {
    "GB": ("+44 20 7946 0{:03d}", "+44 7700 900{:03d}"),
    "DE": ("+49 30 23125 {:03d}", "+49 171 39200{:02d}"),
    "FR": ("+33 1 99 00 {:02d} 42", "+33 6 39 98 {:02d} 17"),
    "SE": ("+46 8 465 004 {:02d}", "+46 70 174 06 {:02d}"),
    "AU": ("+61 2 5550 0{:03d}", "+61 491 570 {:03d}"),
}
_NORTH_AMERICA = ("+1 425 555 01{:02d}", "+1 206 555 01{:02d}")


def phone_numbers(source: random.Random, usage_location: str) -> tuple[str, str]:
    """Draw a business and a mobile number."""
    business, mobile = _FICTIONAL_NUMBERS.get(usage_location, _NORTH_AMERICA)
    digits = int(source.random() * 100)
    return business.format(digits), mobile.format(99 - digits)


HARBOUR = Place("Practice", "3 Harbour Lane", "Port Elsing", "", "PE1 2AB", "United Kingdom", "GB", "en-GB")
BELLEVUE = Place(
    "18/2111", "205 108th Ave. NE, Suite 400", "Bellevue", "WA", "98004", "United States", "US", "en-US"
)
LEEDS = Place("Leeds Studio", "14 Kiln Yard", "Leeds", "", "LS1 9ZZ", "United Kingdom", "GB", "en-GB")
BRISTOL = Place("Bristol", "2 Ropewalk", "Bristol", "", "BS1 9ZZ", "United Kingdom", "GB", "en-GB")
TACOMA = Place("Tacoma Terminal", "900 Dock St.", "Tacoma", "WA", "98402", "United States", "US", "en-US")
BOISE = Place("Boise Hub", "77 Orchard Access Rd", "Boise", "ID", "83701", "United States", "US", "en-US")
RENO = Place("Reno Depot", "4100 Switchyard Way", "Reno", "NV", "89501", "United States", "US", "en-US")
HAMBURG = Place("Hamburg", "Speicherweg 9", "Hamburg", "", "20099", "Germany", "DE", "de-DE")
LYON = Place("Lyon", "8 quai des Tisserands", "Lyon", "", "69002", "France", "FR", "fr-FR")
STOCKHOLM = Place("Stockholm", "Kajgatan 11", "Stockholm", "", "111 20", "Sweden", "SE", "sv-SE")
SYDNEY = Place("Sydney", "1/20 Wharf Terrace", "Sydney", "NSW", "2000", "Australia", "AU", "en-AU")
TOKYO = Place("東京オフィス", "港町1-2-3", "東京", "", "100-0000", "Japan", "JP", "ja-JP")
TBILISI = Place("თბილისი", "მდინარის ქუჩა 5", "თბილისი", "", "0100", "Georgia", "GE", "ka-GE")
CAIRO = Place("القاهرة", "شارع الميناء ٧", "القاهرة", "", "11511", "Egypt", "EG", "ar-EG")
ORCHARD = Place("Surgery", "12 Orchard Row", "Quincebury", "", "QB3 4CD", "United Kingdom", "GB", "en-GB")
