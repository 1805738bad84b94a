"""Columns of MySQL and MariaDB as source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from wheatear.engines.mysql.written_keys import MysqlKeys
from wheatear.engines.mysql.written_words import is_computed
from wheatear.engines.written import operation
from wheatear.schema import changes as kinds
from wheatear.schema.model import Column, Index, Table
from wheatear.schema.source import Call, text
from wheatear.schema.writer import Place, Step


class MysqlColumns(MysqlKeys):
    """What is more than type, default and NULL is said as a whole."""

    def add_column(self, change: kinds.AddColumn, place: Place) -> Iterator[Step]:
        """One that counts has to be a key at once; one that is computed needs no words but SQL."""
        table, column = change.table, change.column
        if column.generated == "AUTO_INCREMENT":
            clauses = [f"ADD COLUMN {self.definition(column, place)}"]
            key = self._key_to_come(table, place)
            if key is not None and key.columns == (column.name,):
                clauses.append(f"ADD {self.unnamed(key)}")
                place.done.add(kinds.AddConstraint(table, key))
            yield self._altered(table, clauses)
        elif is_computed(column.generated):
            yield self._altered(table, [f"ADD COLUMN {self.definition(column, place)}"])
        else:
            yield from super().add_column(change, place)

    def _new_column(self, table: str, column: Column, place: Place) -> Step:
        """With the CHECK that stands at it."""
        step = super()._new_column(table, column, place)
        after = place.after.table(table)
        checks = self.inline(after).get(column.name, []) if after else []
        if column.default is not None or len(checks) != 1 or not isinstance(step.source, Call):
            return step
        if (added := kinds.AddConstraint(table, checks[0])) not in place.coming:
            return step
        place.done.add(added)
        field = self.field(column, place, extra=checks)
        return step._replace(source=replace(step.source, items=(*step.source.items[:2], field)))

    def alter_column(self, change: kinds.AlterColumn, place: Place) -> Iterator[Step]:
        """What is more than type, default and NULL is said as a whole."""
        before, after = change.before, change.after
        computed = is_computed(after.generated) or is_computed(before.generated)
        if computed and replace(before, comment=None) != replace(after, comment=None):
            yield from self._made_anew(change, place)
        elif self._rest(before) != self._rest(after):
            fill = place.fills.get((change.table, after.name))
            if fill and before.null and not after.null:
                yield self.execute(self.update(change.table, after.name, fill))
            altered = self._altered(change.table, [self._modified(change.table, after, place)])
            yield from self._kept_as_they_are(altered, change, place)
        else:
            yield from super().alter_column(change, place)

    def _kept_as_they_are(
        self, step: Step, change: kinds.AlterColumn, place: Place
    ) -> Iterator[Step]:
        """The rows of a column that counts from now on, or no more: a 0 is no wish for a number,
        and MySQL need not refuse it for a foreign key, since neither type nor values change.

        https://mariadb.com/kb/en/sql-mode/, https://dev.mysql.com/doc/refman/8.4/en/sql-mode.html
        """
        settings = {}
        counts = [column.generated == "AUTO_INCREMENT" for column in (change.before, change.after)]
        if counts == [False, True]:
            settings["sql_mode"] = "CONCAT_WS(',', NULLIF(@@sql_mode, ''), 'NO_AUTO_VALUE_ON_ZERO')"
        held = {column for key in self._held(change.table, place.now) for column in key}
        if counts[0] is not counts[1] and change.after.name in held and not self._mariadb:
            settings["foreign_key_checks"] = "0"
        if not settings:
            yield step
            return
        kept = ", ".join(f"@kept_{name} = @@{name}" for name in settings)
        yield self.execute(f"SET {kept}")
        yield self.execute(f"SET {', '.join(f'{one} = {to}' for one, to in settings.items())}")
        yield step
        yield self.execute(f"SET {', '.join(f'{name} = @kept_{name}' for name in settings)}")

    def _rest(self, column: Column) -> tuple[str | None, ...]:
        return column.generated, column.collation, column.comment

    def _made_anew(self, change: kinds.AlterColumn, place: Place) -> Iterator[Step]:
        """A column that is computed from now on, or no more."""
        table = place.now.table(change.table) or Table(change.table, ())
        name = change.after.name
        own = [index for index in table.indexes if self._is_about(index, name)]
        for index in own:
            yield operation("drop_index", text(table.name), text(index.name))
        yield operation("drop_column", text(table.name), text(name))
        yield from self.add_column(kinds.AddColumn(table.name, change.after), place)
        for index in own:
            yield self._index(table, index)

    def _is_about(self, index: Index, name: str) -> bool:
        return any(re.match(rf"{re.escape(name)}(\(|$| )", part) for part in index.parts)
