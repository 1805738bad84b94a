"""NOT NULL, added and dropped."""

from __future__ import annotations

from dataclasses import dataclass

from wheatear.engines.sqlite import edits
from wheatear.engines.sqlite.draft import Draft, RefusedError, Scan
from wheatear.engines.sqlite.tokens import fold, quote


@dataclass(frozen=True)
class AddNotNull:
    """No row may have NULL in the column."""

    column: str

    def draw(self, draft: Draft) -> None:
        """The stored statement says it; before that no row may break it."""
        column = draft.column(self.column)
        facts = draft.expected.column(column.name)
        if facts is None or facts.not_null:
            draft.note(f"column {column.name} of {draft.table} is NOT NULL already")
            return
        draft.definition = edits.add_not_null(draft.definition, column)
        draft.expect_column(column.name, not_null=True)
        name = fold(column.name)
        if name not in draft.fresh and name not in draft.casts:
            draft.scans.append(
                Scan(
                    f"{quote(column.name)} IS NULL",
                    f"rows have NULL in column {column.name}",
                    f"give them a value first: UPDATE {quote(draft.table)} SET "
                    f"{quote(column.name)} = … WHERE {quote(column.name)} IS NULL",
                    null_in=column.name,
                )
            )


@dataclass(frozen=True)
class DropNotNull:
    """The column may be NULL."""

    column: str

    def draw(self, draft: Draft) -> None:
        """The stored statement no longer says it, unless a key says it without words."""
        column = draft.column(self.column)
        facts = draft.expected.column(column.name)
        if facts is None or not facts.not_null:
            draft.note(f"column {column.name} of {draft.table} allows NULL already")
            return
        clauses = column.all("not null")
        implied = facts.key and (draft.without_rowid or draft.strict)
        if not clauses or (implied and not draft.is_rowid(column)):
            options = " and ".join(sorted(draft.definition.options))
            raise RefusedError(
                f"column {column.name} belongs to the primary key of a {options} table, "
                "and SQLite allows no NULL there"
            )
        draft.definition = edits.drop_clauses(draft.definition, *clauses)
        draft.expect_column(column.name, not_null=False)
