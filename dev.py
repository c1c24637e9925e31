#!/usr/bin/env python3
"""Tenantry on one machine, with one command: try it, test it, check it. Needs nothing but Python.

Older Pythons must be able to parse this file, so that they can say what is needed. The work is done by
`devtools/`.
"""

import os
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - the check is for whoever runs it with something older
    sys.stderr.write(
        "dev.py: Python 3.11, 3.12 or 3.13 is needed; this is Python %d.%d (%s).\n"  # noqa: UP031
        "        Install one of them and start dev.py with it, for example: python3.13 dev.py demo\n"
        % (sys.version_info[0], sys.version_info[1], sys.executable)
    )
    sys.exit(2)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from devtools.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
