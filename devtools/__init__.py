"""What `dev.py` does: prepares an environment of its own under `.sandbox/` and runs things in it.

Standard library only: this package runs before anything is installed.
"""
