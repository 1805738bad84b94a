"""The part of a schema that changes of some tables could reach."""

from __future__ import annotations

from wheatear.schema.changes import AddConstraint, AddTable, DropColumn, RenameTable
from wheatear.schema.model import Column, Constraint, Object, Schema, Table
from wheatear.schema.related import related, touched


def table(name: str, *targets: str, options: str = "") -> Table:
    keys = tuple(Constraint("foreign key", (f"{one}_id",), table=one) for one in targets)
    return Table(name, (Column("id", "integer"),), keys, options=options)


SCHEMA = Schema(
    (
        table("a"),
        table("b", "a"),
        table("c", "b", "z"),
        table("d", "c"),
        table("part", options="PARTITION OF z FOR VALUES IN (1)"),
        table("Odd Name"),
        table("z", options="PARTITION BY LIST (id)"),
    ),
    (
        Object("sequence", "counted", "CREATE SEQUENCE counted"),
        Object("trigger", "noted", "CREATE TRIGGER noted … INSERT INTO d …", "b"),
        Object("view", "odd", 'CREATE VIEW odd AS SELECT 1 FROM "Odd Name", shown'),
        Object("view", "shown", "CREATE VIEW shown AS SELECT id FROM b"),
    ),
)


def names(schema: Schema) -> tuple[list[str], list[str]]:
    return [one.name for one in schema.tables], [one.name for one in schema.objects]


def test_what_hangs_on_a_table() -> None:
    found = related(SCHEMA, {"b"})
    # d is what the trigger writes to, and the odd table is in a view beside a view of b.
    assert names(found) == (
        ["a", "b", "c", "d", "Odd Name"],
        ["counted", "noted", "odd", "shown"],
    )
    assert [one.table for one in found.tables[2].constraints] == ["b"]  # z is not in this part


def test_partitions() -> None:
    assert names(related(SCHEMA, {"z"}))[0] == ["c", "part", "z"]
    assert names(related(SCHEMA, {"part"}))[0] == ["part", "z"]


def test_nothing() -> None:
    assert names(related(SCHEMA, {"new"})) == ([], ["counted"])


def test_what_changes_are_about() -> None:
    key = Constraint("foreign key", ("a_id",), table="a")
    changes = [
        RenameTable("old", "new"),
        DropColumn("b", Column("x", "integer")),
        AddTable(table("n", "m")),
        AddConstraint("c", key),
    ]
    assert touched(changes) == {"old", "new", "b", "n", "m", "c", "a"}
