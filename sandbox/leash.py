"""Runs a Python module as a program that ends when whoever started it is gone.

    python -m sandbox.leash MODULE [ARGUMENT ...]

The other end of stdin is held by the parent. When that pipe ends, this process gets SIGTERM from itself, and
is ended for good if it does not go.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

GRACE_SECONDS = 10.0


def _end_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)


def main() -> None:
    """Become the module named on the command line."""
    threading.Thread(target=_end_with_parent, name="leash", daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
