# ruff: noqa: PLR0911
"""Each column of schemas that others wrote, by each operation: the named line changes, no other.

The oracle is text: the lines of SHOW CREATE TABLE before and after, and triggers and views.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import peewee
import pytest
from mariadb_live import Live

from support.databases import is_mysql
from wheatear.engines.mysql.migrator import MysqlMigrator
from wheatear.errors import OperationError

CORPORA = Path(__file__).parents[3] / "shared" / "corpora" / "mysql"
CLIENT = shutil.which("mariadb") or shutil.which("mysql")

# Why an operation may be refused; anything else is a failure.
REASONS = {
    "alter_column_type": ("which would need a length", "used in a foreign key", "are incompatible", "Invalid default", "AUTO_INCREMENT", "Incorrect column specifier", "BLOB/TEXT column", "used in key specification without a key length", "SPATIAL", "not allowed in this context"),
    "add_column_default": ("cannot have a default", "Invalid default value", "BLOB/TEXT"),
    "drop_column_default": ("is a TIMESTAMP with ON UPDATE",),
    "add_not_null": ("needed in a foreign key constraint", "cannot be NOT NULL", "takes no NOT NULL on the generated column"),
    "drop_not_null": ("belongs to the primary key", "SPATIAL", "must be NOT NULL"),
    "rename_column": ("is used by", "takes no other name"),
    "drop_column": ("is used by",),
}  # fmt: skip


def load(name: str, new_database: Callable[[str], Any]) -> Live:
    if not CORPORA.is_dir():
        pytest.skip(f"the corpora are not at {CORPORA}")
    if CLIENT is None:
        pytest.skip("no mariadb client to load the corpora with")
    under_test = new_database("mariadb")
    url = urlsplit(under_test.url)
    sql = (CORPORA / name).read_text()
    sql = re.sub(r"^(DROP|CREATE) (DATABASE|SCHEMA).*$|^USE .*$", "", sql, flags=re.MULTILINE)
    command = [
        CLIENT,
        f"-h{url.hostname}",
        f"-P{url.port or 3306}",
        f"-u{url.username}",
        "--force",
        url.path[1:],
    ]
    env = {**os.environ, "MYSQL_PWD": url.password or ""}
    subprocess.run(command, input=sql, text=True, env=env, check=True, capture_output=True)
    database = under_test.connect()
    database.connect()
    return Live(database, MysqlMigrator(database))


class Restorable:
    """A table that can be made again as it was, with its triggers."""

    def __init__(self, live: Live, table: str) -> None:
        self.live, self.table = live, table
        self.create = live.run(f"SHOW CREATE TABLE `{table}`")[0][1]
        self.triggers = [
            live.run(f"SHOW CREATE TRIGGER `{row[0]}`")[0][2]
            for row in live.run(f"SHOW TRIGGERS WHERE `Table` = '{table}'")
        ]

    def restore(self) -> None:
        self.live.run(
            "SET foreign_key_checks = 0", f"DROP TABLE `{self.table}`", self.create, *self.triggers
        )
        self.live.run("SET foreign_key_checks = 1")

    def others(self) -> list[Any]:
        """All that the schema holds beside the table's own lines."""
        live = self.live
        tables = [row[0] for row in live.run("SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'")]
        return [
            [live.run(f"SHOW CREATE TABLE `{name}`") for name in tables if name != self.table],
            live.run(
                "SELECT table_name, view_definition FROM information_schema.views WHERE table_schema = DATABASE()"
                " ORDER BY table_name"
            ),
            [row[:5] for row in live.run("SHOW TRIGGERS")],
            # MySQL lets the sql_mode in which a view is made say whether its columns take NULL.
            live.run(
                f"SELECT {'c.column_name, c.column_type' if is_mysql() else 'c.*'}"
                " FROM information_schema.columns AS c JOIN information_schema.views AS v"
                " USING (table_schema, table_name) WHERE table_schema = DATABASE()"
                " ORDER BY table_name, ordinal_position"
            ),
        ]


_NESTED = r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
DEFAULT = rf" DEFAULT ('(?:[^']|'')*'|{_NESTED}|\S+)"


def without(pattern: str, line: str) -> str:
    """A column's line without what may change; what a comment says is not it."""
    head, comment, text = line.partition(" COMMENT '")
    return re.sub(pattern, "", head) + comment + text


def plain(line: str) -> str:
    """A column's line without what says NULL."""
    return without(r" (NOT NULL|DEFAULT NULL|NULL)(?= |$)", line)


def renamed_line(line: str, quoted: str, table: str) -> str:
    own, references, target = line.partition(" REFERENCES ")
    if target.startswith(f"`{table}`"):
        target = target.replace(f"({quoted})", "(`renamed`)")
    return (
        re.sub(f"(?<!KEY )(?<!CONSTRAINT )(?<!TABLE ){re.escape(quoted)}", "`renamed`", own)
        + references
        + target
    )


def lines_expected(
    operation: str, line: str, column: str, before: list[str], now: list[str]
) -> bool:
    gone = [one for one in before if one not in now]
    new = [one for one in now if one not in before]
    quoted = "`" + column.replace("`", "``") + "`"
    if operation == "drop_column":
        own = [one for one in gone if one != line]
        return (
            not new
            and line in gone
            and all(quoted in one and not one.startswith("`") for one in own)
        )
    if operation == "rename_column":
        return now == [renamed_line(one, quoted, before[0].split("`")[1]) for one in before]
    if not gone and not new:
        return operation != "alter_column_type" or line.split(" ")[1] in {
            "datetime",
            "bigint(20)",
            "text",
        }
    if gone != [line] or len(new) != 1 or before.index(line) != now.index(new[0]):
        return False
    if operation in {"add_not_null", "drop_not_null"}:
        return plain(line) == plain(new[0])
    if operation == "alter_column_type":
        kind = r"^`(?:[^`]|``)+` [a-z]+(\([^)]*\))?( unsigned)?( zerofill)?( /\*M!100301 COMPRESSED\*/)?( (CHARACTER SET \w+ )?COLLATE \w+)?"
        json = r" CHECK \(json_valid\([^)]*\)\)" if "json_valid" in line else "$^"
        cut = rf"{kind}|{DEFAULT}|{json}|(?i:(?<=current_timestamp)\(\d?\))"
        # TIMESTAMP says NULL outright, where the other types say nothing.
        return without(cut, line.replace(" timestamp NULL", " timestamp")) == without(cut, new[0])
    return without(DEFAULT, line) == without(DEFAULT, new[0])


OPERATIONS: dict[str, Callable[[MysqlMigrator, str, str, str], Any]] = {
    "add_not_null": lambda m, t, c, line: m.add_not_null(t, c),
    "drop_not_null": lambda m, t, c, line: m.drop_not_null(t, c),
    "add_column_default": lambda m, t, c, line: m.add_column_default(t, c, default_for(line)),
    "drop_column_default": lambda m, t, c, line: m.drop_column_default(t, c),
    "alter_column_type": lambda m, t, c, line: m.alter_column_type(t, c, wider(line)),
    "rename_column": lambda m, t, c, line: m.rename_column(t, c, "renamed"),
    "drop_column": lambda m, t, c, line: m.drop_column(t, c),
}


def default_for(line: str) -> Any:
    kind = line.split(" ")[1]
    if kind.startswith(("date", "timestamp")):
        return "2026-01-02 03:04:05"
    if kind.startswith("enum"):
        return re.search(r"'([^']*)'", line)[1]
    return "7" if kind.startswith(("varchar", "char", "text", "blob", "set", "geometry")) else 7


def wider(line: str) -> peewee.Field:
    kind = line.split(" ")[1]
    if kind.startswith(("varchar", "char", "enum", "set")):
        return peewee.CharField(max_length=250)
    if kind.startswith(("date", "timestamp")):
        return peewee.DateTimeField()
    return (
        peewee.BigIntegerField() if "int" in kind or kind.startswith("dec") else peewee.TextField()
    )


@pytest.mark.long
@pytest.mark.parametrize("name", ["chinook.sql", "sakila.sql"])
def test_each_column_and_operation(name: str, new_database: Callable[[str], Any]) -> None:
    live = load(name, new_database)
    each_column_and_operation(live, name)
    live.database.close()


@pytest.mark.long
def test_each_column_of_the_rich_table_and_operation(rich: Live) -> None:
    rich.run(
        "TRUNCATE TABLE rich",
        "CREATE VIEW v AS SELECT r.s, r.n AS m, p.id FROM rich r JOIN parent p ON p.id = r.p_id",
    )
    each_column_and_operation(rich, "the rich table")


def each_column_and_operation(live: Live, name: str) -> None:
    outcomes: Counter[str] = Counter()
    failures: list[str] = []
    tables = [row[0] for row in live.run("SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'")]
    assert tables
    for table in tables:
        whole = Restorable(live, table)
        before = live.lines(table)
        others = whole.others()
        for line in [line for line in before if line.startswith("`")]:
            column = re.match(r"`((?:[^`]|``)+)`", line)[1].replace("``", "`")
            for operation, make in OPERATIONS.items():
                try:
                    outcome = attempt(live, whole, before, others, line, column, operation, make)
                except (AssertionError, peewee.DatabaseError) as error:
                    outcome = "failed"
                    failures.append(f"{operation} {table}.{column}: {error}")
                    whole.restore()
                outcomes[f"{operation}: {outcome}"] += 1
    print(name, *(f"{count:4} {what}" for what, count in sorted(outcomes.items())), sep="\n  ")
    assert not failures, "\n".join(failures)


def attempt(live, whole, before, others, line, column, operation, make) -> str:
    place = f"{operation} {whole.table}.{column}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            live.migrator.migrate(make(live.migrator, whole.table, column, line))
    except OperationError as error:
        assert any(reason in error.what for reason in REASONS.get(operation, ())), error
        assert live.lines(whole.table) == before, place
        return "refused"
    now = live.lines(whole.table)
    assert lines_expected(operation, line, column, before, now), (place, set(before) ^ set(now))
    after = whole.others()
    if operation == "rename_column":  # other tables' foreign keys and views follow
        assert after[2:] == others[2:], place
        live.migrator.rename_column(whole.table, "renamed", column).run()
        after = whole.others()
    assert after[:3] == others[:3], place  # a view's columns are what its table's are
    if now != before:
        if operation != "rename_column":
            whole.restore()
        assert live.lines(whole.table) == before
        return "changed"
    return "nothing to do"
