"""The command line: `wheatear COMMAND`, and `python manage_migrations.py COMMAND`."""

from __future__ import annotations

import gc
from collections.abc import Sequence


def main(args: Sequence[str] | None = None) -> None:
    """Run the program and exit.

    Args:
        args: The words after the program's name; None takes the process's own.

    Exits with 0 on success, 1 if it failed or a check found something, 2 for wrong usage, 130 and
    143 after Ctrl-C and SIGTERM.
    """
    # Until a migration runs, this is a short program that makes no garbage: looking for some would
    # take longer than its own work.
    gc.disable()
    from wheatear.cli.app import run  # noqa: PLC0415

    code = run(args)
    gc.freeze()  # nor is there any to look for at the end, when all of it goes
    raise SystemExit(code)
