"""Schema migrations for the Peewee ORM.

Nothing is imported here that is not asked for: `import wheatear` costs next to nothing, and a
command pays only for what it uses.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wheatear.backfilling import backfill as backfill
    from wheatear.database import connect as connect
    from wheatear.database import migrator_for as migrator_for
    from wheatear.errors import WheatearError as WheatearError
    from wheatear.migrations import Migrations as Migrations

__version__ = "0.1.0"
__all__ = ["Migrations", "WheatearError", "backfill", "connect", "migrator_for"]

_HOME = {
    "backfill": "wheatear.backfilling",
    "Migrations": "wheatear.migrations",
    "WheatearError": "wheatear.errors",
    "connect": "wheatear.database",
    "migrator_for": "wheatear.database",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'wheatear' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
