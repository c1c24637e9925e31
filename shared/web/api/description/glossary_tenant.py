"""The words of the glossary for what is about a tenant and its policies, and the ids in examples."""

from collections.abc import Mapping
from typing import Any

Words = Mapping[str, tuple[str, Any]]

TENANT = "7e4a47e4-2f6d-4c1b-9a51-0d9c1f0b6a11"
PERSON = "5b0f4f7e-6a52-4f0e-8d1c-3f1f7f1f2c41"
CONNECTION = "d8921b76e28e0a9f"
RUN = f"run_{CONNECTION}8227590399999d52e5a6e"
CONTACT = "3b98d1b4-f5ed-581d-b2a1-6b18ce255293"
DIGEST = "9b74c9897bac770ffc029102a200c5de5b0f4f7e6a524f0e8d1c3f1f7f1f2c41"
EARLIER, NOW, LATER = "2026-03-02T08:00:00.000Z", "2026-03-02T09:14:07.512Z", "2026-03-02T21:00:00.000Z"

_REVIEW: Words = {
    "Review.name": ("The person's name.", "Ann Lee"),
    "Review.reason": ("Why nobody can tell without guessing.", "email_taken"),
    "Review.contact_id": ("The contact in question, where there is one.", CONTACT),
    "opened_at": ("Since when the question is open.", NOW),
    "decision": ("What a technician decided; null while the question is open.", None),
    "decided_at": ("When.", None),
    "action": ("Link the contact, make one of their own, or leave the person out.", "create"),
    "DecisionInput.contact_id": ("The contact of a link; it goes with no other action.", None),
    "Decision.contact_id": ("The contact of a link.", None),
}

_TENANT: Words = {
    "value": ("As the directory has it; use it in policies.", "Oslo"),
    "label": ("As people see it.", "Oslo"),
    "users": ("How many people have it.", 31),
    "Group.id": ("The group's object id.", "0d9c1f0b-6a11-4c1b-9a51-7e4a47e42f6d"),
    "Group.name": ("The group's name.", "Engineering"),
    "made_at": ("When it was made.", NOW),
    "licensed_users": ("People with a licence.", 47),
    "active_users": ("People who were active in the last 30 days.", 45),
    "products": ("Every product that was bought or assigned.", None),
    "secure_score": ("Microsoft's score of the tenant.", None),
    "mfa": ("People with a second factor.", None),
    "people": ("People who may sign in.", 49),
    "capable": ("Of those, people who can with a second factor.", 44),
    "Mfa.percent": ("Those in a hundred.", 89.8),
    "sku_id": ("Microsoft's id of the product.", "cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46"),
    "Product.name": ("The product's name.", "Microsoft 365 Business Premium"),
    "seats": ("Bought.", 50),
    "assigned": ("Assigned.", 47),
    "active_30": ("Of those, used by people who were active in the last 30 days.", 45),
    "active_90": ("The same for 90 days.", 46),
    "unused": ("Seats that serve nobody who was active in 90 days, assigned or not.", 4),
    "price_per_seat": ("What somebody typed in the portal that a seat costs a month.", "20.60"),
    "cost_of_unused": ("What the unused seats cost a month, as far as prices are known.", "82.40"),
    "currency": ("Of the prices, as somebody typed it.", "EUR"),
    "without_report": ("Connected customers without such a report.", 0),
    "complete": ("Whether every customer was looked at, rather than the first 5,000.", True),
    "free": ("Whether the product costs nothing.", False),
    "current": ("Points.", 41.2),
    "maximum": ("Points that can be had.", 60.0),
    "SecureScore.percent": ("Points out of a hundred.", 68.7),
    "day": ("Of which day it is.", "2026-03-01"),
}

_CONFIGURATION: Words = {
    "preset": ("The named set of policies it began with.", "standard"),
    "scope": ("Who gets a contact.", None),
    "email_source": (
        "Which address of the directory becomes the contact's.",
        "mail_else_user_principal_name",
    ),
    "matching": ("How a person's contact is found.", "identity"),
    "Configuration.fields": ("Which fields syncs fill in.", ["first_name", "job_title", "last_name", "name"]),
    "blank_in_directory": ("What a blank in the directory does to a value that is there.", "keep"),
    "leavers": ("What becomes of the contact of somebody who left.", "keep"),
    "leaver_causes": ("What counts as leaving.", ["deleted", "disabled", "out_of_scope"]),
    "guard": ("How much one run may change before a person has to approve it.", None),
    "enrichments": ("What is read besides people; each needs a permission.", []),
    "schedule": ("When syncs happen by themselves.", None),
    "user_types": ("Members, guests, or both.", ["member"]),
    "enabled_only": ("Leave out people who cannot sign in.", True),
    "groups": ("Membership as a condition.", None),
    "mode": ("Whether membership matters.", "none"),
    "ids": ("Object ids of the selected groups.", []),
    "departments": ("Only these departments; empty for all.", []),
    "offices": ("Only these offices; empty for all.", []),
    "Scope.domains": ("Only addresses of these domains; empty for all.", []),
    "licensed_only": ("Leave out people without a licence.", False),
    "skus": ("Only people with one of these products; empty for all.", []),
    "shared_mailboxes": ("What becomes of mailboxes that belong to nobody.", "leave_out_likely"),
    "exclusions": ("Patterns that leave people out.", []),
    "pattern": ("An RE2 expression; upper and lower case are equal.", "^svc-"),
    "attribute": ("What is looked at.", None),
    "rules": ("In order; the first that names somebody's office or department decides.", []),
    "unmatched": ("What becomes of people whom no rule names.", "leave_out"),
    "values": ("Offices or departments; an empty one stands for undefined.", ["Oslo"]),
    "scope_drop": ("People who leave the scope.", None),
    "deactivations": ("Contacts made inactive.", None),
    "blanked": ("Values blanked.", None),
    "creations": ("Contacts made, after the first run.", None),
    "count": ("So many pass,", 5),
    "percent": ("or so many in a hundred, whichever is more.", 10),
    "Schedule.kind": ("Every so many hours, or daily at a time of day.", "every"),
    "hours": ("Every so many hours.", 12),
    "at": ("A time of day, for the kind `daily`.", None),
    "time_zone": ("Its time zone (IANA), for the kind `daily`.", None),
}

TENANTS: Words = {**_REVIEW, **_TENANT, **_CONFIGURATION}
