"""Random schemas as the statements that create them, in each engine's own words."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

TABLES = ("author", "book", "odd table", "Shelf")
COLUMNS = ("a", "b", "c", "d e", "select")
MARKED = {"sqlite": '"', "postgresql": '"', "mariadb": "`"}

# By engine: a type, values of it (of rows 1 and 2), a default, an expression that holds for them.
_INT = (("1", "2"), "7", "{} > 0")
_TEXT = (("'x1'", "'x2'"), "'it''s'", "{} <> ''")
_DAY = (("'2001-01-01'", "'2002-02-02'"), "'2020-01-01'", None)
TYPES = {
    "sqlite": {
        "INTEGER": _INT,
        "BIGINT": _INT,
        "REAL": (("1.5", "2.5"), "0.5", "{} > 0"),
        "VARCHAR(20)": _TEXT,
        "VARCHAR(30)": _TEXT,
        "TEXT": _TEXT,
        "DECIMAL(10, 2)": (("1.25", "2.5"), "1", None),
        "DATE": _DAY,
        "BLOB": (("x'01'", "x'02'"), "x'00'", None),
        "NVARCHAR(5)": _TEXT,
    },
    "postgresql": {
        "integer": _INT,
        "bigint": _INT,
        "smallint": _INT,
        "double precision": (("1.5", "2.5"), "0.5", "{} > 0"),
        "varchar(20)": _TEXT,
        "varchar(30)": _TEXT,
        "text": _TEXT,
        "numeric(10,2)": (("1.25", "2.5"), "1", None),
        "date": _DAY,
        "timestamp": _DAY,
        "boolean": (("true", "false"), "true", None),
        "jsonb": (("'{}'", "'[]'"), "'{}'", None),
        "uuid": (
            (
                "'00000000-0000-0000-0000-000000000001'",
                "'00000000-0000-0000-0000-000000000002'",
            ),
            None,
            None,
        ),
        "integer[]": (("'{1}'", "'{2}'"), "'{}'", None),
        "timestamptz": _DAY,
    },
    "mariadb": {
        "int": _INT,
        "bigint": _INT,
        "smallint": _INT,
        "int unsigned": _INT,
        "double": (("1.5", "2.5"), "0.5", "{} > 0"),
        "varchar(20)": _TEXT,
        "varchar(30)": _TEXT,
        "char(10)": _TEXT,
        "decimal(10,2)": (("1.25", "2.5"), "1", None),
        "date": _DAY,
        "datetime": _DAY,
        "tinyint(1)": (("1", "0"), "1", None),
        "enum('x1','x2','y')": (("'x1'", "'x2'"), "'y'", None),
        "text": (("'x1'", "'x2'"), None, None),
        "timestamp": (("'2001-01-01'", "'2002-02-02'"), "CURRENT_TIMESTAMP", None),
    },
}


@dataclass
class Column:
    name: str
    type: str
    null: bool
    extra: str = ""

    @property
    def computed(self) -> bool:
        return "GENERATED" in self.extra


@dataclass
class Table:
    name: str
    columns: list[Column]
    key: str
    clauses: list[str] = field(default_factory=list)
    options: str = ""
    references: dict[str, str] = field(default_factory=dict)
    """Columns that point at another table's row of the same number."""


@dataclass
class Made:
    """A random schema.

    Attributes:
        statements: What creates it.
        rows: What fills it with up to two rows a table; the tables pointed at come first.
    """

    statements: list[str]
    rows: list[str]


class Generator:
    """Makes schemas of one engine; the same seed makes the same ones."""

    def __init__(self, engine: str, seed: int) -> None:
        self.engine = engine
        self.chance = random.Random(f"{engine} {seed}")
        self.types = TYPES[engine]

    def pair(self) -> tuple[Made, Made]:
        """Two schemas: the second is the first one changed in some places, or another one."""
        first = self._tables()
        second = self._tables()
        if self.chance.random() < 0.7:
            for number, table in enumerate(first):
                if self._likely(0.6) and number < len(second):
                    second[number : number + 1] = [table]
        return self._made(first), self._made(_without_twins(second))

    def _likely(self, share: float) -> bool:
        return self.chance.random() < share

    def q(self, name: str) -> str:
        mark = MARKED[self.engine]
        return f"{mark}{name}{mark}"

    def _tables(self) -> list[Table]:
        names = self.chance.sample(TABLES, self.chance.randint(1, 3))
        tables: list[Table] = []
        for name in names:
            tables.append(self._table(name, [one for one in tables if one.key == "id"]))
        return tables

    def _table(self, name: str, others: list[Table]) -> Table:
        columns = [
            self._column(name) for name in self.chance.sample(COLUMNS, self.chance.randint(1, 4))
        ]
        key = self.chance.choice(["id", "id", "id", "none", *self._possible_keys(columns)])
        table = Table(name, columns, key)
        if key == "id":
            columns.insert(0, Column("id", self._id(), null=False))
        elif key != "none":
            names = [one for one in columns if one.name in key.split(",")]
            for one in names:
                one.null = False
            table.clauses.append(f"PRIMARY KEY ({', '.join(self.q(one.name) for one in names)})")
        self._refer(table, others)
        self._constrain(table)
        table.options = self._options(table)
        return table

    def _possible_keys(self, columns: list[Column]) -> list[str]:
        plain = [one for one in columns if not one.extra and self._is_keyable(one.type)]
        keys = [one.name for one in plain[:1]]
        return [*keys, ",".join(one.name for one in plain[:2])] if len(plain) > 1 else keys

    def _is_keyable(self, type_: str) -> bool:
        return type_ not in {"text", "TEXT", "BLOB", "jsonb", "timestamp", "boolean", "tinyint(1)"}

    def _id(self) -> str:
        return {
            "sqlite": "INTEGER NOT NULL PRIMARY KEY" + " AUTOINCREMENT" * self._likely(0.2),
            "postgresql": self.chance.choice(
                ["serial PRIMARY KEY", "bigserial PRIMARY KEY", "integer PRIMARY KEY",
                 "integer PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY"]
            ),
            "mariadb": self.chance.choice(
                ["int NOT NULL AUTO_INCREMENT PRIMARY KEY", "int NOT NULL PRIMARY KEY"]
            ),
        }[self.engine]  # fmt: skip

    def _column(self, name: str) -> Column:
        type_ = self.chance.choice(list(self.types))
        _, default, _ = self.types[type_]
        column = Column(name, type_, self._likely(0.5))
        if default is not None and self._likely(0.3):
            column.extra = f"DEFAULT {default}"
        elif type_.lower().startswith("varchar") and self._likely(0.2):
            names = {"sqlite": "NOCASE", "postgresql": '"C"', "mariadb": "utf8mb4_bin"}
            column.extra = f"COLLATE {names[self.engine]}"
        elif type_ == "timestamp" and self.engine == "mariadb":
            column.extra = "NULL DEFAULT NULL" if column.null else "DEFAULT CURRENT_TIMESTAMP"
        return column

    def _refer(self, table: Table, others: list[Table]) -> None:
        if not others or not self._likely(0.6):
            return
        other = self.chance.choice(others)
        type_ = other.columns[0].type.split()[0]
        type_ = {"serial": "integer", "bigserial": "bigint"}.get(type_, type_)
        column = Column("other", type_, self._likely(0.5))
        table.columns.append(column)
        table.references["other"] = other.name
        action = self.chance.choice(["", " ON DELETE CASCADE", " ON UPDATE CASCADE"])
        if column.null and self._likely(0.3):
            action = " ON DELETE SET NULL"
        if self.engine != "mariadb" and self._likely(0.2):
            action += " DEFERRABLE INITIALLY DEFERRED"
        name = f"CONSTRAINT {self.q(f'{table.name} to {other.name}')} " * self._likely(0.3)
        target = f"{self.q(other.name)} ({self.q('id')})"
        table.clauses.append(f"{name}FOREIGN KEY ({self.q('other')}) REFERENCES {target}{action}")

    def _constrain(self, table: Table) -> None:
        for column in table.columns[1:]:
            if column.name == "other":
                continue  # MariaDB takes no CHECK of a column that a foreign key may change
            check = self.types.get(column.type, (0, 0, None))[2]
            if check and not column.computed and self._likely(0.2):
                name = f"CONSTRAINT {self.q(f'{table.name} {column.name} sound')} "
                said = check.format(self.q(column.name))
                table.clauses.append(f"{name * self._likely(0.5)}CHECK ({said})")
        unique = [one for one in table.columns if self._is_keyable(one.type) and one.name != "id"]
        if unique and self._likely(0.25):
            chosen = self.chance.sample(unique, self.chance.randint(1, min(2, len(unique))))
            table.clauses.append(f"UNIQUE ({', '.join(self.q(one.name) for one in chosen)})")
        texts = [one for one in table.columns if one.type.lower().startswith("varchar")]
        if texts and self._likely(0.3):
            source = self.q(self.chance.choice(texts).name)
            stored = "STORED" if self.engine == "postgresql" or self._likely(0.5) else "VIRTUAL"
            type_ = {"sqlite": "INTEGER", "postgresql": "integer", "mariadb": "int"}[self.engine]
            how = f"GENERATED ALWAYS AS (length({source})) {stored}"
            table.columns.append(Column("made", type_, null=True, extra=how))

    def _options(self, table: Table) -> str:
        if self.engine == "sqlite" and table.key not in {"id", "none"} and self._likely(0.3):
            return " WITHOUT ROWID"
        if self.engine == "mariadb" and self._likely(0.15):
            return " COMMENT='it''s 100%'"
        return ""

    # As statements

    def _made(self, tables: list[Table]) -> Made:
        statements: list[str] = []
        rows: list[str] = []
        for table in tables:
            statements.append(self._create(table))
            statements += self._indexes(table)
            rows += self._rows(table)
        if self._likely(0.2):
            statements.append(self._view(self.chance.choice(tables)))
        return Made(statements, rows)

    def _create(self, table: Table) -> str:
        parts = [self._definition(one) for one in table.columns] + table.clauses
        return f"CREATE TABLE {self.q(table.name)} ({', '.join(parts)}){table.options}"

    def _definition(self, column: Column) -> str:
        null = "" if column.null or "PRIMARY KEY" in column.type else " NOT NULL"
        if column.extra.startswith("COLLATE"):
            return f"{self.q(column.name)} {column.type} {column.extra}{null}"
        return f"{self.q(column.name)} {column.type}{null} {column.extra}".rstrip()

    def _indexes(self, table: Table) -> list[str]:
        found = []
        for number in range(self.chance.randint(0, 2)):
            usable = [
                one for one in table.columns if one.type not in {"text", "TEXT", "jsonb", "BLOB"}
            ]
            if not usable:
                break
            chosen = self.chance.sample(usable, self.chance.randint(1, min(2, len(usable))))
            parts = [self.q(one.name) + " DESC" * self._likely(0.2) for one in chosen]
            texts = [one for one in table.columns if one.type.lower().startswith("varchar")]
            if texts and self.engine != "mariadb" and self._likely(0.2):
                parts = [f"lower({self.q(texts[0].name)})"]
            where = f" WHERE {self.q(chosen[0].name)} IS NOT NULL" * self._likely(0.2)
            unique = "UNIQUE " * self._likely(0.25)
            name = self.chance.choice([f"{table.name}_{number}", f"{table.name}_{chosen[0].name}_"])
            names = f"{self.q(f'{name}{number}')} ON {self.q(table.name)}"
            end = "" if self.engine == "mariadb" else where
            found.append(f"CREATE {unique}INDEX {names} ({', '.join(parts)}){end}")
        return found

    def _rows(self, table: Table) -> list[str]:
        found = []
        for number in range(2):
            values = {}
            for column in table.columns:
                if column.name in table.references or column.name == "id":
                    values[column.name] = str(number + 1)
                elif not column.computed and not (column.null and self._likely(0.3)):
                    values[column.name] = self.types[column.type][0][number]
            if not values:
                column = table.columns[0]
                values[column.name] = self.types[column.type][0][number]
            names = ", ".join(map(self.q, values))
            found.append(
                f"INSERT INTO {self.q(table.name)} ({names}) VALUES ({', '.join(values.values())})"
            )
        return found

    def _view(self, table: Table) -> str:
        column = self.q(self.chance.choice(table.columns).name)
        return f"CREATE VIEW {self.q('seen')} AS SELECT {column} FROM {self.q(table.name)}"


def _without_twins(tables: list[Table]) -> list[Table]:
    """Each table once, and none that points at one that is not there."""
    found: dict[str, Table] = {}
    for table in tables:
        there = {one.name for one in found.values() if one.key == "id"}
        if table.name not in found and set(table.references.values()) <= there:
            found[table.name] = table
    return list(found.values())
