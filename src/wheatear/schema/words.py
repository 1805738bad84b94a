"""Changes in words: one line a difference, naming the table, the column and the difference."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from wheatear.schema import changes as kinds
from wheatear.schema.model import Column, Constraint, Index, Object


class Sides(NamedTuple):
    """What the two schemas are called."""

    before: str
    after: str


MODELS = Sides("in the database", "in the models")
DRIFT = Sides("after the last migration", "in the database now")


class Difference(NamedTuple):
    """One difference, for people and for JSON.

    Attributes:
        kind: What differs: `table`, `column`, `type`, `null`, `default`, `index`, ….
        table: The table it is about; None for a view or the like.
        column: The column it is about, if it is one column.
        text: The whole of it in words.
        before: What the first side has; None for nothing.
        after: What the second side has.
    """

    kind: str
    table: str | None
    column: str | None
    text: str
    before: str | None = None
    after: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return self._asdict()


def in_words(changes: Iterable[kinds.Change], sides: Sides) -> tuple[Difference, ...]:
    """Say each difference; what only has to be away for a moment is none."""
    all_ = dict.fromkeys(changes)
    told = [change for change in all_ if change.inverse not in all_]
    return tuple(one for change in told for one in _WORDS[type(change)](change, sides))


def _added_table(change: kinds.AddTable, sides: Sides) -> Iterator[Difference]:
    yield _table(change.table.name, sides.after, None, "present")


def _dropped_table(change: kinds.DropTable, sides: Sides) -> Iterator[Difference]:
    yield _table(change.table.name, sides.before, "present", None)


def _table(name: str, where: str, before: str | None, after: str | None) -> Difference:
    return Difference("table", name, None, f"table {name} is only {where}", before, after)


def _renamed_table(change: kinds.RenameTable, sides: Sides) -> Iterator[Difference]:
    text = f"table {change.old} {sides.before} is {change.new} {sides.after}"
    yield Difference("rename", change.new, None, text, change.old, change.new)


def _renamed_column(change: kinds.RenameColumn, sides: Sides) -> Iterator[Difference]:
    text = f"column {change.table}.{change.old} {sides.before} is {change.new} {sides.after}"
    yield Difference("rename", change.table, change.new, text, change.old, change.new)


def _altered_table(change: kinds.AlterTable, sides: Sides) -> Iterator[Difference]:
    for kind in ("options", "comment"):
        was, is_ = getattr(change.before, kind), getattr(change.after, kind)
        if was != is_:
            what = "options are" if kind == "options" else "comment is"
            text = f"table {change.before.name}: {what} {_from_to(was, is_, sides)}"
            yield Difference(kind, change.before.name, None, text, was or None, is_ or None)


def _added_column(change: kinds.AddColumn, sides: Sides) -> Iterator[Difference]:
    what = _column(change.column)
    text = f"column {change.table}.{change.column.name} is only {sides.after} ({what})"
    yield Difference("column", change.table, change.column.name, text, None, what)


def _dropped_column(change: kinds.DropColumn, sides: Sides) -> Iterator[Difference]:
    what = _column(change.column)
    text = f"column {change.table}.{change.column.name} is only {sides.before} ({what})"
    yield Difference("column", change.table, change.column.name, text, what, None)


_PARTS = ("type", "null", "default", "generated", "collation", "comment")


def _altered_column(change: kinds.AlterColumn, sides: Sides) -> Iterator[Difference]:
    for kind in _PARTS:
        was, is_ = getattr(change.before, kind), getattr(change.after, kind)
        if was == is_:
            continue
        if kind == "null":
            was, is_ = _null(was), _null(is_)
        what = "" if kind == "null" else f"{kind} is "
        text = f"column {change.table}.{change.after.name}: {what}{_from_to(was, is_, sides)}"
        yield Difference(kind, change.table, change.after.name, text, was, is_)


def _null(null: bool) -> str:
    return "NULL" if null else "NOT NULL"


def _from_to(was: str | None, is_: str | None, sides: Sides) -> str:
    return f"{was or 'none'} {sides.before}, {is_ or 'none'} {sides.after}"


def _column(column: Column) -> str:
    words = [column.type or "no type", *([] if column.null else ["NOT NULL"])]
    words += [] if column.default is None else [f"DEFAULT {column.default}"]
    words += [] if column.generated is None else [column.generated]
    words += [] if column.collation is None else [f"COLLATE {column.collation}"]
    return " ".join(words)


def _added_constraint(change: kinds.AddConstraint, sides: Sides) -> Iterator[Difference]:
    what = _constraint(change.constraint)
    yield _of_table(change.constraint, change.table, what, sides.after, (None, what))


def _dropped_constraint(change: kinds.DropConstraint, sides: Sides) -> Iterator[Difference]:
    what = _constraint(change.constraint)
    yield _of_table(change.constraint, change.table, what, sides.before, (what, None))


def _of_table(
    constraint: Constraint, table: str, what: str, where: str, both: tuple[str | None, str | None]
) -> Difference:
    column = constraint.columns[0] if len(constraint.columns) == 1 else None
    return Difference(
        constraint.kind, table, column, f"table {table}: {what} is only {where}", *both
    )


def _constraint(one: Constraint) -> str:
    columns = f"({', '.join(one.columns)})"
    if one.kind == "foreign key":
        targets = f" ({', '.join(one.targets)})" if one.targets else ""
        what = f"foreign key {columns} to {one.table}{targets}"
    elif one.kind in {"check", "exclude"}:
        what = f"{one.kind} ({one.sql})"
    else:
        what = f"{one.kind} {one.sql or columns}"
    return f"{what} {one.options}".rstrip()


def _added_index(change: kinds.AddIndex, sides: Sides) -> Iterator[Difference]:
    yield _of_index(change.index, change.table, sides.after, added=True)


def _dropped_index(change: kinds.DropIndex, sides: Sides) -> Iterator[Difference]:
    yield _of_index(change.index, change.table, sides.before, added=False)


def _of_index(index: Index, table: str, where: str, *, added: bool) -> Difference:
    what = _index(index)
    column = index.parts[0].strip('"`') if len(index.parts) == 1 else None
    text = f"table {table}: {what} is only {where}"
    return Difference(
        "index", table, column, text, None if added else what, what if added else None
    )


def _index(index: Index) -> str:
    words = ["unique index" if index.unique else "index", index.name, f"({', '.join(index.parts)})"]
    words += [f"USING {index.using}"] if index.using else []
    words += [index.extra] if index.extra else []
    words += [f"WHERE {index.where}"] if index.where else []
    return " ".join(words)


def _added_object(change: kinds.AddObject, sides: Sides) -> Iterator[Difference]:
    yield _object(change.object, sides.after, added=True)


def _dropped_object(change: kinds.DropObject, sides: Sides) -> Iterator[Difference]:
    yield _object(change.object, sides.before, added=False)


def _object(thing: Object, where: str, *, added: bool) -> Difference:
    of = f" of table {thing.table}" if thing.table else ""
    text = f"{thing.kind} {thing.name}{of} is only {where}, or otherwise there: {thing.sql}"
    both = (None, thing.sql) if added else (thing.sql, None)
    return Difference(thing.kind, thing.table, None, text, *both)


_WORDS: dict[type[kinds.Change], Callable[[Any, Sides], Iterator[Difference]]] = {
    kinds.AddTable: _added_table,
    kinds.DropTable: _dropped_table,
    kinds.RenameTable: _renamed_table,
    kinds.AlterTable: _altered_table,
    kinds.AddColumn: _added_column,
    kinds.DropColumn: _dropped_column,
    kinds.RenameColumn: _renamed_column,
    kinds.AlterColumn: _altered_column,
    kinds.AddConstraint: _added_constraint,
    kinds.DropConstraint: _dropped_constraint,
    kinds.AddIndex: _added_index,
    kinds.DropIndex: _dropped_index,
    kinds.AddObject: _added_object,
    kinds.DropObject: _dropped_object,
}
