"""Changes as a migration on MySQL and MariaDB writes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wheatear.engines.mysql.literals import literal
from wheatear.engines.mysql.options import options_of
from wheatear.engines.mysql.tokens import quoted
from wheatear.engines.mysql.written_columns import MysqlColumns
from wheatear.schema import changes as kinds
from wheatear.schema.model import Index, Table
from wheatear.schema.source import Items, Source, text
from wheatear.schema.writer import Place, Step


class MysqlSpelling(MysqlColumns):
    """What the migrator of MySQL and MariaDB takes.

    Args:
        options: What a table gets that says none: its engine, charset and collation.
        mariadb: The server is MariaDB's.
    """

    def __init__(self, options: str, *, mariadb: bool) -> None:
        self._options = options
        self._mariadb = mariadb

    def table_settings(self, table: Table) -> list[tuple[str, Source]] | None:
        """The same as any other's, as a rule."""
        if self._names_clash(table):
            return None
        said = tuple(text(self.escaped(phrase)) for phrase in self._settings(table))
        return [("table_settings", Items(said))] if said else []

    def _names_clash(self, table: Table) -> bool:
        """Whether an index has the name of one that the server makes before it comes."""
        keys = [one for one in table.constraints if one.kind == "foreign key"]
        taken = {name for one in keys for name in (one.name, one.columns[0])}
        implied = self.implied_indexes(table)
        return any(index.name in taken for index in table.indexes if index not in implied)

    def indexes_created(self, table: Table) -> Sequence[Index]:
        """All."""
        return table.indexes

    def create_table(self, table: Table, place: Place) -> str:
        """With its indexes, so that the server makes none for a foreign key."""
        parts = self.parts_of_table(table, place)
        for index in table.indexes:
            kind, using, rest = self._index_parts(table, index)
            parts.append(f"{kind} {quoted(index.name)}{using} {rest}")
        inside = ",\n    ".join(parts)
        return f"CREATE TABLE {quoted(table.name)} (\n    {inside}\n){self.table_options(table)}"

    def table_options(self, table: Table) -> str:
        """What it would not get by itself."""
        return "".join(f" {phrase}" for phrase in self._settings(table))

    def _settings(self, table: Table) -> list[str]:
        """That a table is partitioned cannot be said with its options."""
        options = table.options.removesuffix(" partitioned")
        engine, charset, rest = options.partition(" DEFAULT CHARSET=")
        parts = [engine, f"{charset}{rest}".strip()] if options != self._options else []
        parts += [f"COMMENT={literal(table.comment)}"] if table.comment else []
        return [part for part in parts if part]

    # Tables

    def alter_table(self, change: kinds.AlterTable, place: Place) -> Iterator[Step]:
        """A charset is that of the columns too, but of those that have their own."""
        before, after = change.before, change.after
        clauses = []
        if before.options != after.options:
            was, is_ = options_of(before.options), options_of(after.options)
            clauses = list(is_.changed_from(was))
            if is_.charset and is_.charset != was.charset:
                clauses.insert(0, f"CONVERT TO CHARACTER SET {is_.charset}")
                now = place.now.table(before.name) or before
                clauses += [
                    self._modified(before.name, column, place)
                    for column in now.columns
                    if column.collation or "text" in column.type
                ]
        if before.comment != after.comment:
            clauses.append(f"COMMENT = {literal(after.comment or '')}")
        yield self._altered(before.name, clauses)
        if "ENGINE=Aria" in before.options and "ENGINE=Aria" not in after.options:
            # It leaves a mark on the table, which only another engine can take away.
            yield self._altered(before.name, ["page_checksum=DEFAULT"])
