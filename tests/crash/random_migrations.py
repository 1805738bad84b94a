"""Migrations that nobody wrote: random statements, by hand and by Wheatear's migrators, which are
valid in their order, and of which nothing done twice or left out would go unnoticed.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from .crash_cases import Case

_BACKWARD = "pass"
_TEXT, _NUMBER = "VARCHAR(40)", "INTEGER"


class _Table:
    """What the generator knows of a table: its columns beside `id`, its indexes, its highest id."""

    def __init__(self, columns: dict[str, str], last: int) -> None:
        self.columns = columns
        self.indexes: set[str] = set()
        self.last = last
        self.takes_ids = True

    def of(self, kind: str) -> list[str]:
        return [name for name, its in self.columns.items() if its == kind]


class Writer:
    """Writes a few migrations.

    Args:
        engine: For what only it can.
        seed: The same seed gives the same migrations.
    """

    def __init__(self, engine: str, seed: str) -> None:
        self._engine = engine
        self._chance = random.Random(seed)
        self._tables = {
            "team": _Table({"title": _TEXT}, 2),
            "player": _Table({"name": _TEXT, "score": _NUMBER, "team": _NUMBER}, 3),
        }
        self._tables["player"].takes_ids = False  # its name is NOT NULL
        self._number = 0

    def case(self) -> Case:
        """One to four migrations of one to six steps."""
        bodies = ["\n".join(self._body()) for _ in range(self._chance.randint(1, 4))]
        return Case(bodies[-1], _BACKWARD, (self._engine,), tuple(bodies[:-1]))

    def _body(self) -> list[str]:
        steps: list[Callable[[], list[str]]] = [
            *(self._rows, self._rows, self._rows, self._counted, self._in_transaction),
            *(self._create, self._drop, self._add, self._add, self._drop_column, self._rename),
            *(self._rename_table, self._index, self._drop_index, self._type, self._fails),
            *(self._backfill, self._by_hand, self._many, self._taken_back),
        ]
        steps += {
            "mariadb": [self._truncate, self._exchange, self._view],
            "postgresql": [self._concurrently, self._view],
            "sqlite": [self._view],
        }[self._engine]
        found: list[str] = []
        for _ in range(self._chance.randint(1, 6)):
            found += self._chance.choice(steps)()
        return found

    # What is there

    def _new(self, what: str) -> str:
        self._number += 1
        return f"{what}{self._number}"

    def _some(self) -> tuple[str, _Table]:
        name = self._chance.choice(sorted(self._tables))
        return name, self._tables[name]

    def _growing(self) -> tuple[str, _Table]:
        """One that takes rows of an id alone: the last one is never dropped."""
        found = [name for name, its in sorted(self._tables.items()) if its.takes_ids]
        name = self._chance.choice(found)
        return name, self._tables[name]

    def _column(self, kind: str) -> tuple[str, _Table, str] | None:
        found = [
            (name, table, column)
            for name, table in sorted(self._tables.items())
            for column in table.of(kind)
        ]
        return self._chance.choice(found) if found else None

    # Rows

    def _row(self) -> str:
        """One statement that changes rows, and does it otherwise if it is done twice."""
        name, table = self._some()
        number = self._column(_NUMBER)
        what = self._chance.choice(["insert", "update", "append", "delete"])
        if what == "update" and number:
            its, _, column = number
            return _sql(f"UPDATE {its} SET {column} = {column} * 2 + 1 WHERE id > 1")
        text = self._column(_TEXT)
        if what == "append" and text:
            its, _, column = text
            sql = {
                "mariadb": f"UPDATE {its} SET {column} = CONCAT(RIGHT({column}, 20), 'x')",
                "postgresql": f"UPDATE {its} SET {column} = RIGHT({column}, 20) || 'x'",
                "sqlite": f"UPDATE {its} SET {column} = substr({column}, -20) || 'x'",
            }[self._engine]
            return _sql(sql)
        if what == "delete":
            return _sql(f"DELETE FROM {name} WHERE id = {self._chance.randint(1, table.last + 1)}")
        name, table = self._growing()
        table.last += 1
        return _sql(f"INSERT INTO {name} (id) VALUES ({table.last})")

    def _rows(self) -> list[str]:
        return [self._row() for _ in range(self._chance.randint(1, 2))]

    def _counted(self) -> list[str]:
        """What is read decides what is written."""
        read, _ = self._some()
        name, table = self._growing()
        table.last += 1000
        return [
            f"found = db.execute_sql('SELECT COUNT(*), MAX(id) FROM {read}').fetchone()",
            f"db.execute_sql(f'INSERT INTO {name} (id) VALUES ({{{table.last} - found[0]}})')",
        ]

    def _many(self) -> list[str]:
        name, table = self._growing()
        first, table.last = table.last + 1, table.last + 3
        rows = [{"id": number} for number in range(first, table.last + 1)]
        return [f"Table({name!r}, ('id',)).bind(db).insert({rows}).execute()"]

    def _in_transaction(self) -> list[str]:
        return ["with db.atomic():", *(f"    {self._row()}" for _ in range(3))]

    def _taken_back(self) -> list[str]:
        """Rolled back by the migration itself, as a whole or in part."""
        name, table = self._growing()
        lost = _sql(f"INSERT INTO {name} (id) VALUES ({table.last + 500})")
        inner = ["try:", "    with db.atomic():", f"        {lost}", "        raise ValueError"]
        inner += ["except ValueError:", f"    {self._row()}"]
        if self._chance.random() < 0.5:
            return inner
        return ["with db.atomic():", f"    {self._row()}", *(f"    {line}" for line in inner)]

    def _fails(self) -> list[str]:
        """A statement that fails, and what the migration does then."""
        name, _ = self._some()
        wrong = self._chance.choice([f"CREATE TABLE {name} (id INTEGER)", f"DROP TABLE no_{name}"])
        return ["try:", f"    {_sql(wrong)}", "except DatabaseError:", f"    {self._row()}"]

    def _backfill(self) -> list[str]:
        found = self._column(_NUMBER)
        if found is None:
            return self._rows()
        name, _, column = found
        batch = self._chance.randint(1, 3)
        its = self._new("Filled")
        return [
            f"class {its}(Model):",
            f"    {column} = IntegerField(null=True)",
            "    class Meta:",
            f"        database, table_name = db, {name!r}",
            f"backfill({its}, {{{its}.{column}: {its}.{column} * 3 + 1}}, batch={batch})",
        ]

    # Definitions

    def _create(self) -> list[str]:
        name = self._new("t")
        self._tables[name] = _Table({"a": _NUMBER, "b": _TEXT}, 0)
        return [_sql(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, a {_NUMBER}, b {_TEXT})")]

    def _by_hand(self) -> list[str]:
        name, table = self._some()
        column = self._new("c")
        table.columns[column] = _NUMBER
        return [
            _sql(f"ALTER TABLE {name} ADD COLUMN {column} INTEGER"),
            _sql(f"UPDATE {name} SET {column} = id * 10"),
        ]

    def _drop(self) -> list[str]:
        growing = [name for name, its in sorted(self._tables.items()) if its.takes_ids]
        if len(growing) < 2:
            return self._create()
        name = self._chance.choice(growing)
        del self._tables[name]
        return [_sql(f"DROP TABLE {name}")]

    def _add(self) -> list[str]:
        name, table = self._some()
        column = self._new("c")
        kind = self._chance.choice([_TEXT, _NUMBER])
        table.columns[column] = kind
        field = "CharField(40" if kind == _TEXT else "IntegerField("
        how = self._chance.choice(["null=True", "default={}", "null=True, default=lambda: {}"])
        how = how.format("'x'" if kind == _TEXT else "5")
        comma = ", " if kind == _TEXT else ""
        return [f"migrate(migrator.add_column({name!r}, {column!r}, {field}{comma}{how})))"]

    def _drop_column(self) -> list[str]:
        name, table = self._some()
        if not table.columns:
            return self._add()
        column = self._chance.choice(sorted(table.columns))
        del table.columns[column]
        table.indexes.discard(column)
        return [f"migrate(migrator.drop_column({name!r}, {column!r}))"]

    def _rename(self) -> list[str]:
        name, table = self._some()
        free = sorted(set(table.columns) - table.indexes)
        if not free:
            return self._add()
        old, new = self._chance.choice(free), self._new("r")
        table.columns[new] = table.columns.pop(old)
        return [f"migrate(migrator.rename_column({name!r}, {old!r}, {new!r}))"]

    def _rename_table(self) -> list[str]:
        name, table = self._some()
        if table.indexes:
            return self._rename()
        new = self._new("t")
        self._tables[new] = self._tables.pop(name)
        return [f"migrate(migrator.rename_table({name!r}, {new!r}))"]

    def _index(self) -> list[str]:
        name, table = self._some()
        free = sorted(set(table.columns) - table.indexes)
        if not free:
            return self._add()
        column = self._chance.choice(free)
        table.indexes.add(column)
        return [f"migrate(migrator.add_index({name!r}, ({column!r},)))"]

    def _drop_index(self) -> list[str]:
        name, table = self._some()
        if not table.indexes:
            return self._index()
        column = self._chance.choice(sorted(table.indexes))
        table.indexes.discard(column)
        return [f"migrate(migrator.drop_index({name!r}, '{name}_{column}'))"]

    def _type(self) -> list[str]:
        found = self._column(_NUMBER)
        if found is None or found[2] in found[1].indexes:
            return self._add()
        name, _, column = found
        field = self._chance.choice(["BigIntegerField(null=True)", "IntegerField(null=True)"])
        return [f"migrate(migrator.alter_column_type({name!r}, {column!r}, {field}))"]

    def _view(self) -> list[str]:
        view, (name, _) = self._new("v"), self._some()
        return [_sql(f"CREATE VIEW {view} AS SELECT id FROM {name}"), _sql(f"DROP VIEW {view}")]

    def _truncate(self) -> list[str]:
        name, _ = self._some()
        return [_sql(f"TRUNCATE TABLE {name}"), *self._rows()]

    def _exchange(self) -> list[str]:
        """Two tables take each other's name."""
        if len(self._tables) < 2:
            return self._create()
        one, other = self._chance.sample(sorted(self._tables), 2)
        if self._tables[one].indexes or self._tables[other].indexes:
            return self._rows()
        self._tables[one], self._tables[other] = self._tables[other], self._tables[one]
        return [_sql(f"RENAME TABLE {one} TO hold, {other} TO {one}, hold TO {other}")]

    def _concurrently(self) -> list[str]:
        name, table = self._some()
        free = sorted(set(table.columns) - table.indexes)
        if not free:
            return self._add()
        column, index = self._chance.choice(free), self._new("i")
        return [
            _sql(f"CREATE INDEX CONCURRENTLY {index} ON {name} ({column})"),
            _sql(f"REINDEX INDEX CONCURRENTLY {index}"),
            _sql(f"DROP INDEX CONCURRENTLY {index}"),
        ]


def _sql(statement: str) -> str:
    return f"db.execute_sql({statement!r})"
