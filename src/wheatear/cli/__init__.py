"""The command line: `wheatear COMMAND`, and `python manage_migrations.py COMMAND`."""

from __future__ import annotations

from wheatear.cli.app import main

__all__ = ["main"]
