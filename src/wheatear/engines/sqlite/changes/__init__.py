"""The changes of a table, each a value that draws itself on a `Draft`."""

from __future__ import annotations

from wheatear.engines.sqlite.changes.column_type import AlterType
from wheatear.engines.sqlite.changes.constraint import AddConstraint, DropConstraint
from wheatear.engines.sqlite.changes.default import DropDefault, SetDefault
from wheatear.engines.sqlite.changes.dropped_column import DropColumn
from wheatear.engines.sqlite.changes.foreign_key import AddForeignKey, DropForeignKey
from wheatear.engines.sqlite.changes.index import AddIndex, DropIndex
from wheatear.engines.sqlite.changes.not_null import AddNotNull, DropNotNull
from wheatear.engines.sqlite.changes.redefined import Redefine
from wheatear.engines.sqlite.dropped_table import DropTable
from wheatear.engines.sqlite.renames import RenameColumn, RenameTable

__all__ = [
    "AddConstraint",
    "AddForeignKey",
    "AddIndex",
    "AddNotNull",
    "AlterType",
    "DropColumn",
    "DropConstraint",
    "DropDefault",
    "DropForeignKey",
    "DropIndex",
    "DropNotNull",
    "DropTable",
    "Redefine",
    "RenameColumn",
    "RenameTable",
    "SetDefault",
]
