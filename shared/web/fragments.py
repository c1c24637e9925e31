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
