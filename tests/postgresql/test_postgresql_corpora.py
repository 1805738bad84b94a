"""Schemas that others wrote: each column, each operation; what is not named stays."""

from __future__ import annotations

from dataclasses import replace

import pytest
from peewee import Field, TextField

from wheatear.engines.postgresql.columns import FieldDiffersWarning
from wheatear.engines.postgresql.migrator import PostgresqlMigrator
from wheatear.engines.postgresql.reader import read_schema
from wheatear.errors import OperationError

REASONS = (
    "because other objects depend on",
    "cannot alter type of a column used by",
    "cannot be cast automatically",
    "is in a primary key",
    "inherited column",
    "cannot alter inherited",
    "cannot drop inherited",
    "cannot rename",
    "cannot alter column",
    "cannot drop column",
    "marked NOT NULL in parent",
    "made by the database",
    "does not exist for access method",  # a GiST index of tsvector cannot be one of text
    "has no default operator class",
    "cannot be implemented",  # a foreign key between text and integer
)


class Itself(Field):
    """A field of any type, spelled as the database does."""

    def __init__(self, type_, **options):
        super().__init__(**options)
        self.field_type = type_


def operations(migrator, table, column):
    name = column.name
    return {
        "add_not_null": migrator.add_not_null(table, name),
        "drop_not_null": migrator.drop_not_null(table, name),
        "add_column_default": migrator.add_column_default(table, name, "(NULL)"),
        "drop_column_default": migrator.drop_column_default(table, name),
        "to itself": migrator.alter_column_type(table, name, Itself(column.type, null=column.null)),
        "to text": migrator.alter_column_type(table, name, TextField(null=column.null)),
        "rename": migrator.rename_column(table, name, f"{name}__new"),
        "drop": migrator.drop_column(table, name),
    }


def others(schema, table):
    """All but the table, and but the names of its columns that foreign keys point at."""
    return [
        replace(
            it,
            constraints=tuple(
                replace(key, targets=()) if key.table == table else key for key in it.constraints
            ),
        )
        for it in schema.tables
        if it.name != table
    ]


@pytest.mark.filterwarnings(f"ignore::{FieldDiffersWarning.__module__}.FieldDiffersWarning")
@pytest.mark.parametrize(
    "corpus",
    [
        "chinook's first tables",
        pytest.param("chinook", marks=pytest.mark.long),
        pytest.param("pagila", marks=pytest.mark.long),
    ],
)
def test_each_column_each_operation(corpus, db, load):
    load(corpus.split("'")[0])
    before = read_schema(db, "public")
    migrator = PostgresqlMigrator(db, schema="public", lock_timeout=None)
    done, refused = 0, []
    whole = corpus == "pagila"
    for table in before.tables[:3] if "first" in corpus else before.tables:
        if table.options.startswith("PARTITION OF") and not table.name.endswith("2022_01"):
            continue
        for column in table.columns:
            for name, operation in operations(migrator, table.name, column).items():
                with db.atomic() as transaction:
                    try:
                        migrator.migrate(operation)
                    except OperationError as error:
                        refused.append(error.what)
                    else:
                        done += 1
                        after = read_schema(db, "public") if whole else None
                    if whole and "PARTITION BY" not in table.options and after:
                        assert others(after, table.name) == others(before, table.name), name
                    transaction.rollback()
    assert read_schema(db, "public") == before
    assert [it for it in refused if not any(reason in it for reason in REASONS)] == []
    assert done > len(refused) * 2


@pytest.mark.long
@pytest.mark.parametrize("corpus", ["chinook", "pagila"])
def test_there_and_back_again_by_pg_dump(corpus, db, load, dump, differ):
    """Every column changed, every column changed back: the same dump."""
    load(corpus)
    before = dump()
    schema = read_schema(db, "public")
    migrator = PostgresqlMigrator(db, schema="public")
    columns = [
        (table.name, column)
        for table in schema.tables
        if not table.options.startswith("PARTITION OF")
        for column in table.columns
    ]

    def all_of(make):
        with db.atomic():
            migrator.migrate(*[make(table, column) for table, column in columns])

    keys = {
        (table.name, name)
        for table in schema.tables
        for it in table.constraints
        if it.kind == "primary key"
        for name in it.columns
    }
    all_of(lambda t, c: migrator.rename_column(t, c.name, f"{c.name}__new"))
    assert len(differ(before, dump())) > len(columns)
    all_of(lambda t, c: migrator.rename_column(t, f"{c.name}__new", c.name))
    columns = [(t, c) for t, c in columns if (t, c.name) not in keys]
    not_null = [(t, c) for t, c in columns if not c.null]
    nullable = [(t, c) for t, c in columns if c.null]
    columns = not_null
    all_of(lambda t, c: migrator.drop_not_null(t, c.name))
    all_of(lambda t, c: migrator.add_not_null(t, c.name))
    columns = nullable
    all_of(lambda t, c: migrator.add_not_null(t, c.name))
    all_of(lambda t, c: migrator.drop_not_null(t, c.name))
    columns = [(t, c) for t, c in not_null + nullable if c.default is None]
    all_of(lambda t, c: migrator.add_column_default(t, c.name, "(NULL)"))
    all_of(lambda t, c: migrator.drop_column_default(t, c.name))
    all_of(lambda t, c: migrator.add_column(t, f"{c.name}__new", TextField(default="x")))
    all_of(lambda t, c: migrator.drop_column(t, f"{c.name}__new"))
    assert differ(before, dump()) == []
