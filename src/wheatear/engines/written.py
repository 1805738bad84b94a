"""Changes as a migration writes them: what all engines have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wheatear.engines.writing.keys import foreign_key_options
from wheatear.engines.writing.tables import Tables
from wheatear.engines.writing.words import operation, with_argument
from wheatear.schema import changes as kinds
from wheatear.schema.source import Call
from wheatear.schema.writer import Place, Step

__all__ = ["Spelled", "foreign_key_options", "operation", "with_argument"]


class Spelled(Tables):
    """An engine's `Spelling`: a method for each kind of change, in that kind's name."""

    def steps(self, change: kinds.Change, place: Place) -> Sequence[Step]:
        """See `Spelling.steps`."""
        found = getattr(self, _METHODS[type(change)])(change, place)
        steps = list(found)
        if change.destroys and steps:
            loses = [at for at, step in enumerate(steps) if _name(step).endswith(_LOSE)]
            at = loses[0] if loses else 0
            steps[at] = steps[at]._replace(note=f"loses {change.destroys}")
        return steps

    def add_object(self, change: kinds.AddObject, place: Place) -> Iterator[Step]:
        """By the statement that was read."""
        del place
        yield self.execute(change.object.sql)

    def drop_object(self, change: kinds.DropObject, place: Place) -> Iterator[Step]:
        """By its kind and name."""
        del place
        thing = change.object
        kind = "TABLE" if thing.kind == "virtual table" else thing.kind.upper()
        yield self.execute(f"DROP {kind} {self.quoted(thing.name)}")


_METHODS: dict[type[kinds.Change], str] = {
    kinds.AddTable: "add_table",
    kinds.DropTable: "drop_table",
    kinds.RenameTable: "rename_table",
    kinds.AlterTable: "alter_table",
    kinds.AddColumn: "add_column",
    kinds.DropColumn: "drop_column",
    kinds.RenameColumn: "rename_column",
    kinds.AlterColumn: "alter_column",
    kinds.AddConstraint: "add_constraint",
    kinds.DropConstraint: "drop_constraint",
    kinds.AddIndex: "add_index",
    kinds.DropIndex: "drop_index",
    kinds.AddObject: "add_object",
    kinds.DropObject: "drop_object",
}


_LOSE = ("alter_column_type", "drop_column", "drop_table")


def _name(step: Step) -> str:
    return step.source.name if isinstance(step.source, Call) else ""
