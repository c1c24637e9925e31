"""`python -m shared.admin`."""

from shared.admin import app

app(prog_name="python -m shared.admin")
