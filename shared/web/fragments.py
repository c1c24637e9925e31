"""Words that other parts of the app put into their sentences, so that the catalogues have them too."""

from shared.web.marks import marked

STATES = (
    marked("pending"),
    marked("consenting"),
    marked("validating"),
    marked("active"),
    marked("paused"),
    marked("action_required"),
    marked("disconnected"),
    marked("queued"),
    marked("running"),
    marked("succeeded"),
    marked("partial"),
    marked("failed"),
    marked("canceled"),
    marked("held"),
)
"""Of connections and of runs."""

MORE_GROUPS = marked("{groups} and {count} more")
"""Ids of groups, of which only the first few are named."""

BY_PYDANTIC = (
    marked("Field required."),
    marked("Input should be a valid boolean."),
    marked("Input should be a valid integer."),
    marked("Input should be a valid list."),
    marked("Input should be a valid string."),
    marked("Input should be greater than or equal to {least}."),
    marked("Input should be less than or equal to {most}."),
    marked("Input should be {expected}."),
    marked("List should have at least {least} item after validation, not {count}."),
    marked("List should have at most {most} items after validation, not {count}."),
    marked("String should have at least {least} character."),
    marked("String should have at most {most} characters."),
)
"""What pydantic says of the values of a form."""
