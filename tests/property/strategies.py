"""Directories and contacts in which everything that can collide does."""

from hypothesis import strategies as st

from shared.core.configuration import BlankPolicy, Configuration
from shared.core.models import Contact, ContactFields, DirectoryUser, RemovalReason, UserType

OBJECT_IDS = [f"object-{letter}" for letter in "abcdef"]
EMAILS = [
    "a@x.example",
    "A@X.example",
    "b@x.example",
    "c@x.example",
    "josé@x.example",
    "jose\u0301@x.example",
    "",
]

object_ids = st.sampled_from(OBJECT_IDS)
emails = st.sampled_from(EMAILS)
texts = st.sampled_from(["", "one", "two", "  two ", "thr\x00ee"])
hostile_text = st.text(max_size=40) | st.text(
    st.sampled_from("a \t\n\x00\x1b\x85\u00a0\u2028\u202e\u2066\u200f\u0301e\u212a\u1fef\u00e9İßﬁ@.#"),
    max_size=20,
)


@st.composite
def users(draw: st.DrawFn) -> DirectoryUser:
    """Somebody who shares id, address or both with others."""
    return DirectoryUser(
        draw(object_ids),
        mail=draw(st.none() | emails),
        user_principal_name=draw(st.none() | st.just("guest_y.example#EXT#@x.example") | emails),
        display_name=draw(st.none() | texts),
        job_title=draw(st.none() | texts),
        user_type=draw(st.sampled_from([None, "Member", "Guest"])),
        enabled=draw(st.sampled_from([True, True, False, None])),
    )


directories = st.lists(users(), max_size=6, unique_by=lambda user: user.id)


@st.composite
def contact_lists(draw: st.DrawFn) -> list[Contact]:
    """Contacts that are linked or not, doubled or not."""
    return [
        Contact(
            f"contact-{number}",
            ContactFields(name=draw(texts), email=draw(emails), job_title=draw(texts)),
            draw(st.none() | object_ids | st.just("object-gone")),
        )
        for number in range(draw(st.integers(0, 6)))
    ]


configurations = st.builds(
    Configuration,
    user_types=st.frozensets(st.sampled_from(UserType)),
    enabled_only=st.booleans(),
    blank_in_directory=st.sampled_from(BlankPolicy),
)
departures = st.dictionaries(object_ids, st.sampled_from(RemovalReason), max_size=3)
