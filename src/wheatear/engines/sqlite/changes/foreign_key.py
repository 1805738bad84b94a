"""Foreign keys of a table."""

from __future__ import annotations

from dataclasses import dataclass, replace

from wheatear.engines.sqlite import edits
from wheatear.engines.sqlite.definition import Clause, ColumnDefinition
from wheatear.engines.sqlite.draft import Draft, NamesError, RefusedError, near
from wheatear.engines.sqlite.photograph import ForeignKeyFacts, rows
from wheatear.engines.sqlite.tokens import fold, quote


@dataclass(frozen=True)
class AddForeignKey:
    """The column points at a column of another table."""

    column: str
    table: str
    target: str
    on_delete: str | None = None
    on_update: str | None = None
    name: str | None = None

    def draw(self, draft: Draft) -> None:
        """Written as a constraint of the table; every row has to meet it."""
        column = draft.column(self.column)
        table, target = self._parent(draft)
        sql = f"FOREIGN KEY ({quote(column.name)}) REFERENCES {quote(table)} ({quote(target)})"
        if self.on_delete is not None:
            sql += f" ON DELETE {self.on_delete}"
        if self.on_update is not None:
            sql += f" ON UPDATE {self.on_update}"
        if self.name is not None:
            sql = f"CONSTRAINT {quote(self.name)} {sql}"
        definition = edits.add_constraint(draft.definition, sql)
        expect_foreign_key(draft, definition.constraints[-1])
        draft.definition = definition

    def _parent(self, draft: Draft) -> tuple[str, str]:
        tables = {fold(name): name for _, kind, name in draft.before.others if kind == "table"} | {
            fold(draft.table): draft.table
        }
        table = tables.get(fold(self.table))
        if table is None:
            raise NamesError(f"there is no table {self.table!r}{near(self.table, tables)}")
        query = "SELECT name FROM pragma_table_xinfo(?, 'main')"
        columns = {fold(name): name for (name,) in rows(draft.db, query, table)}
        target = columns.get(fold(self.target))
        if target is None:
            raise NamesError(
                f"table {table} has no column {self.target!r}{near(self.target, columns)}"
            )
        return table, target


@dataclass(frozen=True)
class DropForeignKey:
    """The foreign key of a column goes."""

    column: str

    def draw(self, draft: Draft) -> None:
        """It is words alone."""
        column = draft.column(self.column)
        inline = column.all("foreign key")
        alone, shared = _keys_of(draft, column)
        if not inline and not alone:
            if shared:
                raise RefusedError(
                    f"column {column.name} of {draft.table} is only part of a foreign key: "
                    f"{draft.text_of(shared[0])}",
                    "drop_constraint drops it by its name" if shared[0].name else None,
                )
            raise NamesError(f"column {column.name} of {draft.table} has no foreign key")
        for clause in inline:
            forget_foreign_key(draft, clause, column)
        for clause in alone:
            forget_foreign_key(draft, clause, None)
        drop_own_keys(draft, column.name)


@dataclass(frozen=True)
class DropKeysTo:
    """Every foreign key that points at a column of another table goes."""

    table: str
    target: str

    def draw(self, draft: Draft) -> None:
        """They are words alone."""
        for name in [column.name for column in draft.definition.columns]:
            while keys := [
                key for key in draft.column(name).all("foreign key") if self._points(key)
            ]:
                column = draft.column(name)
                forget_foreign_key(draft, keys[0], column)
                draft.definition = edits.drop_clauses(
                    draft.definition, keys[0], *column.all("deferrable")
                )
        while keys := [clause for clause in draft.definition.constraints if self._points(clause)]:
            forget_foreign_key(draft, keys[0], None)
            draft.definition = edits.drop_constraint(draft.definition, keys[0])

    def _points(self, clause: Clause) -> bool:
        reference = clause.reference
        return (
            reference is not None
            and fold(reference.table) == fold(self.table)
            and fold(self.target) in [fold(target) for target in reference.targets]
        )


def drop_own_keys(draft: Draft, name: str) -> None:
    """Remove the text of the column's own foreign keys."""
    while alone := _keys_of(draft, draft.column(name))[0]:
        draft.definition = edits.drop_constraint(draft.definition, alone[0])
    column = draft.column(name)
    if column.all("foreign key"):
        draft.definition = edits.drop_clauses(
            draft.definition, *column.all("foreign key", "deferrable")
        )


def _keys_of(draft: Draft, column: ColumnDefinition) -> tuple[list[Clause], list[Clause]]:
    """The table's foreign keys of this column alone, and those it shares with others."""
    keys = [
        clause
        for clause in draft.definition.constraints
        if clause.kind == "foreign key"
        and fold(column.name) in [fold(name) for name in clause.columns]
    ]
    alone = [clause for clause in keys if len(clause.columns) == 1]
    return alone, [clause for clause in keys if len(clause.columns) > 1]


def expect_foreign_key(draft: Draft, clause: Clause, column: str | None = None) -> None:
    """Expect a new foreign key, which every row has to meet."""
    facts = facts_of(draft, clause, column)
    keys = draft.expected.foreign_keys.copy()
    keys[facts] += 1
    draft.expected = replace(draft.expected, foreign_keys=keys)
    draft.foreign_keys_to_check.append(facts.columns[0])


def forget_foreign_key(draft: Draft, clause: Clause, column: ColumnDefinition | None) -> None:
    """Expect a foreign key to go."""
    keys = draft.expected.foreign_keys.copy()
    keys[facts_of(draft, clause, column.name if column else None)] -= 1
    draft.expected = replace(draft.expected, foreign_keys=+keys)


def facts_of(draft: Draft, clause: Clause, column: str | None) -> ForeignKeyFacts:
    """Return a foreign key as `foreign_key_list` reports it."""
    reference = clause.reference
    if reference is None:
        raise RefusedError("a foreign key without REFERENCES")
    columns = [draft.column(name).name for name in clause.columns or [column or ""]]
    targets: tuple[str | None, ...] = reference.targets or (None,) * len(columns)
    return ForeignKeyFacts(
        reference.table,
        tuple(columns),
        targets,
        reference.action("UPDATE"),
        reference.action("DELETE"),
    )
