"""What the functions were given."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

recorded: defaultdict[str, list[Any]] = defaultdict(list)
