"""`python -m benchmarks [NAME …]`."""

from __future__ import annotations

import sys
from importlib import import_module

NAMES = (
    "startup",
    "apply",
    "add_column",
    "alterations",
    "diff",
    "backfill",
    "journal",
    "transactional",
)


def main() -> None:
    """Run those that are named, or all."""
    unknown = [name for name in sys.argv[1:] if name not in NAMES]
    if unknown:
        raise SystemExit(f"no such benchmark: {', '.join(unknown)} (there are {', '.join(NAMES)})")
    for name in sys.argv[1:] or NAMES:
        import_module(f"benchmarks.{name}").main()


main()
