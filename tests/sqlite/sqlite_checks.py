"""What each operation of one column has to do, and nothing else, by the oracle's word."""

from __future__ import annotations

import re
import warnings
from typing import Any

import peewee
from playhouse.migrate import migrate
from sqlite_oracle import changed, same, snapshot

from wheatear.engines.sqlite.migrator import OperationWarning, SqliteMigrator
from wheatear.errors import OperationError


class Case:
    """One database, put back after each operation by the savepoint it ran in."""

    def __init__(self, db: peewee.SqliteDatabase) -> None:
        self.db = db
        self.migrator = SqliteMigrator(db)
        self.before = snapshot(db)
        self.refused: list[str] = []

    def run(self, operation: Any) -> tuple[dict[str, Any] | None, list[str]]:
        """What SQLite reports after the operation, None if it was refused; and the warnings."""
        said: list[str] = []
        with self.db.atomic() as transaction:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", OperationWarning)
                try:
                    migrate(operation)
                    after = snapshot(self.db)
                except OperationError as error:
                    self.refused.append(f"{operation}: {error.what}")
                    assert snapshot(self.db) == self.before
                    after = None
            said = [str(warning.message) for warning in caught]
            transaction.rollback()
        return after, said


def facts(snap: dict[str, Any], table: str, column: str) -> list[Any]:
    return next(row for row in snap["tables"][table]["columns"] if row[0] == column)


CAPITALS = {ord(letter): letter.upper() for letter in "abcdefghijklmnopqrstuvwxyz"}


def check_not_null(case: Case, table: str, column: str) -> None:
    (_, _, not_null, _, key, _) = facts(case.before, table, column)
    for make, value in ((case.migrator.add_not_null, 1), (case.migrator.drop_not_null, 0)):
        after, said = case.run(make(table, column.translate(CAPITALS)))
        if after is None:
            if "unknown datatype" in case.refused[-1]:
                continue
            nulls = any(row[column] == "NULL" for row in case.before["tables"][table]["rows"])
            assert (value == 1 and nulls) or (value == 0 and key and not_null)
            continue
        if not_null == value:
            assert "already" in said[0]
            assert after == case.before
            continue
        expected, _ = changed(case.before, table)
        facts(expected, table, column)[2] = value
        same(expected, after, texts_of=(table,))
        words = re.sub(r"\s", "", case.before["tables"][table]["sql"]).upper()
        now = re.sub(r"\s", "", after["tables"][table]["sql"]).upper()
        if "CONSTRAINT" in words:  # the constraint's name goes with it
            continue
        longer = len(now) - len(words)
        assert (
            longer in {9, 7, 5, 3} if value else longer <= -5
        )  # in NULL's place; with ON CONFLICT


def check_default(case: Case, table: str, column: str) -> None:
    default = facts(case.before, table, column)[3]
    after, said = case.run(case.migrator.add_column_default(table, column.lower(), "it's, (new"))
    if after is None:
        assert facts(case.before, table, column)[5]
    else:
        expected, _ = changed(case.before, table)
        facts(expected, table, column)[3] = "'it''s, (new'"
        same(expected, after, texts_of=(table,))
    after, said = case.run(case.migrator.drop_column_default(table, column))
    assert after is not None
    if default is None:
        assert "no default" in said[0]
        assert after == case.before
        return
    expected, _ = changed(case.before, table)
    facts(expected, table, column)[3] = None
    same(expected, after, texts_of=(table,))


def check_type(case: Case, table: str, column: str) -> None:
    fields = (peewee.TextField(), "text"), (BigInt(), "hugeint"), (peewee.FloatField(), "real")
    for field, type_ in fields:
        after, said = case.run(case.migrator.alter_column_type(table, column, field))
        if after is None:
            reasons = (
                "INTEGER PRIMARY KEY",
                "datatype",
                "CHECK constraint",
                "cannot store",
                "FOREIGN KEY",
                "NOT NULL constraint",
                "UNIQUE constraint",
            )
            assert any(reason in case.refused[-1] for reason in reasons), case.refused[-1]
            continue
        assert (facts(case.before, table, column)[1] == type_) == any("already" in s for s in said)
        expected, its = changed(case.before, table)
        facts(expected, table, column)[1] = type_
        others = [
            name
            for name in ["", *(row[0] for row in its["columns"])]
            if name != column and not facts_or(case, table, name)
        ]
        by_others = {
            str([row[name] for name in others]): row for row in after["tables"][table]["rows"]
        }
        if len(by_others) < len(its["rows"]):  # nothing but the column tells them apart
            assert len(its["rows"]) == len(after["tables"][table]["rows"])
            its["rows"] = after["tables"][table]["rows"]
            same(expected, after, texts_of=(table,))
            continue
        for row in its["rows"]:
            now = by_others[str([row[name] for name in others])]
            for name in row:  # what the affinity makes of it, in a generated column too
                if row[name] != now[name]:
                    assert name == column or facts(case.before, table, name)[5]
                    assert number(row[name]) == number(now[name])
                    row[name] = now[name]
        its["rows"].sort(key=repr)
        same(expected, after, texts_of=(table,))


def facts_or(case: Case, table: str, name: str) -> bool:
    return bool(name and facts(case.before, table, name)[5])


class BigInt(peewee.Field):
    field_type = "HUGEINT"


def number(value: str) -> Any:
    return float(str(value).strip("'").removesuffix("x").removesuffix(".0"))


def check_rename(case: Case, table: str, column: str) -> None:
    after, _ = case.run(case.migrator.rename_column(table, column, "brand new"))
    if after is None:
        said = case.refused[-1]
        told = ("SQLite says", " is in the way: ", " could not be read any more: ")
        assert any(one in said for one in told), said
        return
    one, two = case.before["tables"][table], after["tables"][table]
    renamed = ["brand new" if row[0] == column else row[0] for row in one["columns"]]
    assert [row[0] for row in two["columns"]] == renamed
    hidden = bool(one["rows"]) and one["rows"][0][""] is None  # by columns of the rowid's names
    values = [[[*row.values()][hidden:] for row in table["rows"]] for table in (one, two)]
    assert sorted(values[0], key=repr) == sorted(values[1], key=repr)
    for name, other in case.before["tables"].items():
        if name != table:
            assert {**other, "sql": "", "keys": ""} == {
                **after["tables"][name],
                "sql": "",
                "keys": "",
            }


def check_drop(case: Case, table: str, column: str) -> None:
    after, _ = case.run(case.migrator.drop_column(table, column))
    if after is None:
        words = ("is used by", "primary key", "the last one")
        assert any(word in case.refused[-1] for word in words), case.refused[-1]
        if "is used by" not in case.refused[-1]:
            return
        after, _ = case.run(case.migrator.drop_column(table, column, cascade=True))
        if after is None and "_fts" in case.refused[-1]:
            return  # a full-text table that reads it, which not even `cascade` drops
        assert after is not None, case.refused[-1]
        expected, its = changed(case.before, table)
        gone = {row[0] for row in its["columns"]} - {
            row[0] for row in after["tables"][table]["columns"]
        }
        assert column in gone
        for row in its["rows"]:
            for name in gone:
                del row[name]
        assert sorted(its["rows"], key=repr) == after["tables"][table]["rows"]
        return
    expected, its = changed(case.before, table)
    its["columns"] = [[*row[:4], *row[4:]] for row in its["columns"] if row[0] != column]
    alone = [index for index in its["indexes"] if [part[0] for part in index[4]] == [column]]
    its["indexes"] = [index for index in its["indexes"] if index not in alone]
    its["keys"] = [key for key in its["keys"] if [part[1] for part in key] != [column]]
    for row in its["rows"]:
        del row[column]
    if its["rows"] and its["rows"][0][""] is None:  # it was hidden by the column
        for row in (*its["rows"], *after["tables"][table]["rows"]):
            row[""] = None
    its["rows"] = sorted(its["rows"], key=repr)
    for index in alone:
        expected["objects"].pop(("index", index[0]), None)
        without_statistics(expected, lambda name, index=index: name == index[0])
    if any(not index[0] for index in alone):  # SQLite's own indexes are numbered anew
        for part in expected, after:
            without_statistics(part, lambda name: str(name).startswith("sqlite_auto"))
    same(expected, after, texts_of=(table,))


def without_statistics(snap: dict[str, Any], unwanted: Any) -> None:
    for name in ("sqlite_stat1", "sqlite_stat4"):
        if name in snap["more"]:
            snap["more"][name] = [row for row in snap["more"][name] if not unwanted(row[1])]


def check_add(case: Case, table: str, column: str) -> None:
    fields = (
        (peewee.IntegerField(default=7), ["new, col", "integer", 1, "7", 0, 0], {"7"}),
        (
            peewee.CharField(null=True, max_length=9),
            ["new, col", "varchar(9)", 0, None, 0, 0],
            {"NULL"},
        ),
        (
            peewee.TextField(default=iter(range(99)).__next__),
            ["new, col", "text", 1, None, 0, 0],
            None,
        ),
    )
    for field, its_facts, values in fields:
        after, _ = case.run(case.migrator.add_column(table, "new, col", field))
        if after is None:
            reasons = ("unknown datatype", "cannot be told apart")
            assert any(reason in case.refused[-1] for reason in reasons), case.refused[-1]
            continue
        expected, its = changed(case.before, table)
        its["columns"].append(its_facts)
        rows = after["tables"][table]["rows"]
        found = [row.pop("new, col") for row in rows]
        rows.sort(key=repr)
        assert (values is None and len(set(found)) == len(found)) or set(found) <= (values or set())
        same(expected, after, texts_of=(table,))


def check_constraints(case: Case, table: str, column: str) -> None:
    name = '"' + column.replace('"', '""') + '"'
    sql = case.before["tables"][table]["sql"]
    check = peewee.Check(f"{name} IS NOT 'never, (' AND 1")
    after, _ = case.run(case.migrator.add_constraint(table, "new check", check))
    assert after is not None
    expected, _ = changed(case.before, table)
    same(expected, after, texts_of=(table,))
    text = f", CONSTRAINT \"new check\" CHECK ({name} IS NOT 'never, (' AND 1)"
    assert text in after["tables"][table]["sql"]
    rest = after["tables"][table]["sql"].replace(text, "")
    # where the stored statement cannot be edited, RENAME writes the table's name in quotes
    assert rest == sql or rest[rest.index("(") :] == sql[sql.index("(") :]
    after, _ = case.run(case.migrator.add_constraint(table, "new check", peewee.Check("0")))
    assert (after is None) == bool(case.before["tables"][table]["rows"])
    after, _ = case.run(case.migrator.add_unique(table, column))
    if after is not None:
        expected, its = changed(case.before, table)
        new = [i for i in after["tables"][table]["indexes"] if i not in its["indexes"]]
        its["indexes"] = sorted([*its["indexes"], *new], key=repr)
        assert not new or (
            new[0][:4] == ("", 1, "u", 0) and [part[0] for part in new[0][4]] == [column]
        )
        for part in expected, after:
            without_statistics(part, lambda name: str(name).startswith("sqlite_auto"))
        same(expected, after, texts_of=(table,))
    else:
        values = [row[column] for row in case.before["tables"][table]["rows"]]
        known = "UNIQUE" in case.refused[-1] or "cannot store" in case.refused[-1]
        assert known or len(set(values)) < len(values)


def check_dropped_key(case: Case, table: str, column: str) -> None:
    after, _ = case.run(case.migrator.drop_foreign_key_constraint(table, column))
    keys = case.before["tables"][table]["keys"]
    own = [key for key in keys if [part[1] for part in key] == [column]]
    if after is None and "unknown datatype" in case.refused[-1]:
        return  # STRICT takes a comment between a type and GENERATED ALWAYS for a part of the type
    assert (after is None) == (not own)
    if after is not None:
        expected, its = changed(case.before, table)
        its["keys"] = [key for key in keys if key not in own]
        same(expected, after, texts_of=(table,))


CHECKS = (
    check_not_null,
    check_default,
    check_type,
    check_rename,
    check_drop,
    check_add,
    check_constraints,
    check_dropped_key,
)
