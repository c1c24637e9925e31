"""The operator's command line: `python -m shared.admin`.

It uses the same settings as the app and works on the same state, across all accounts. `docs/cli.md` says how.
"""

from shared.admin.application import app

__all__ = ["app"]
