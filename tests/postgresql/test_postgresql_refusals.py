"""What cannot be done is said: what, where, in what state the database is, what to do next."""

from __future__ import annotations

import contextlib

import peewee
import pytest
from peewee import CharField, Check, IntegerField, TextField

from wheatear.engines.postgresql.columns import FieldDiffersWarning
from wheatear.engines.postgresql.migrator import PostgresqlMigrator
from wheatear.engines.postgresql.reader import read_schema
from wheatear.errors import OperationError

VIEW = "view notes"

REFUSED = {
    "a view depends on it": (
        lambda m: m.drop_column("player", "note"),
        ["drop_column('player', 'note')", VIEW, "drop_column('player', 'note', cascade=True)"],
    ),
    "another table's foreign key depends on it": (
        lambda m: m.drop_column("player", "id"),
        ["constraint prize_player_id_fkey on table prize", VIEW],
    ),
    "a generated column depends on it": (
        lambda m: m.drop_column("player", "score"),
        ["column doubled of table player"],
    ),
    "a trigger depends on it": (
        lambda m: m.drop_column("player", "born"),
        ["trigger touched on table player"],
    ),
    "a view has its type": (
        lambda m: m.alter_column_type("player", "note", TextField(null=True)),
        ["It is used by: view notes", "drop these, change the type, and create them again"],
    ),
    "a generated column has its type": (
        lambda m: m.alter_column_type("player", "score", IntegerField(null=True)),
        ["column doubled of table player"],
    ),
    "no cast": (
        lambda m: m.alter_column_type("team", "name", IntegerField(null=True)),
        ["cannot be cast automatically", "cast='…'", "name::integer"],
    ),
    "no cast of the default": (
        lambda m: m.alter_column_type("player", "odd name, (x)", IntegerField(), cast="1"),
        [
            'default for column "odd name, (x)" cannot be cast automatically',
            "migrator.drop_column_default('player', 'odd name, (x)'),",
            "migrator.add_column_default('player', 'odd name, (x)', …)",
        ],
    ),
    "a near column": (
        lambda m: m.rename_column("player", "Note", "n"),
        ['no column "Note"', 'did you mean "note"?'],
    ),
    "no column": (
        lambda m: m.add_column_default("player", "zzz", 1),
        ['no column "zzz" in table "player"', '; it has "id", "odd name, (x)", "score"'],
    ),
    "a near table": (
        lambda m: m.drop_table("players"),
        ['no table "players"', 'did you mean "player"?'],
    ),
    "a near constraint": (
        lambda m: m.drop_constraint("player", "live"),
        ['no constraint "live"', 'did you mean "lived"?'],
    ),
    "a near index": (
        lambda m: m.drop_index("player", "hash"),
        ['no index "hash"', 'did you mean "hashed"?'],
    ),
    "a constraint's index": (
        lambda m: m.drop_index("player", "born_once"),
        ["drop_constraint('player', 'born_once')"],
    ),
    "an index's column": (
        lambda m: m.add_index("player", ("note", "bron")),
        ['no column "bron"', 'did you mean "born"?'],
    ),
    "a qualified name": (
        lambda m: m.add_not_null("public.player", "note"),
        ["schema-qualified", "schema="],
    ),
    "a view is no table": (
        lambda m: m.drop_column("notes", "note"),
        ['no table "notes"'],
    ),
    "the column is there": (
        lambda m: m.add_column("player", "note", TextField(null=True)),
        ['has a column "note" already'],
    ),
    "no default for the rows": (
        lambda m: m.add_column("player", "level", IntegerField()),
        ["add_column('player', 'level', IntegerField(…))", "give the field a default"],
    ),
    "a default of None": (
        lambda m: m.add_column_default("player", "note", None),
        ["drop_column_default('player', 'note')"],
    ),
    "a default of a generated column": (
        lambda m: m.add_column_default("player", "doubled", 1),
        ["made by the database"],
    ),
    "no foreign key": (
        lambda m: m.drop_foreign_key_constraint("player", "note"),
        ["has no foreign key"],
    ),
    "a foreign key to nothing": (
        lambda m: m.add_foreign_key_constraint("player", "note", "tema", "id"),
        ['relation "tema" does not exist'],
    ),
    "rows that break it": (
        lambda m: m.add_constraint("player", "none", Check("died < '1999-01-01'")),
        ["violated by some row", "repair the rows"],
    ),
}


@pytest.mark.parametrize("transaction", [False, True], ids=["outside", "inside"])
def test_it_is_refused_with_the_reason_and_nothing_is_changed(db, migrator, player, transaction):
    before = read_schema(db)
    for name, (operation, said) in REFUSED.items():
        around = db.atomic() if transaction else contextlib.nullcontext()
        with pytest.raises(OperationError) as caught, around:
            migrator.migrate(operation(migrator))
        text = str(caught.value)
        for part in said:
            assert part in text, f"{name}: {text}"
        assert "test_postgresql_refusals.py:" in caught.value.where, name
        assert caught.value.state, name
        assert read_schema(db) == before, name


def test_the_callers_transaction_goes_on_after_a_refusal(db, migrator, player):
    with db.atomic():
        with pytest.raises(OperationError, match="view notes") as caught:
            migrator.migrate(migrator.drop_column("player", "note"))
        assert "the transaction around it is still open" in caught.value.state
        migrator.migrate(migrator.drop_not_null("player", "odd name, (x)"))
    assert read_schema(db).table("player").columns[1].null


def test_the_one_of_several_that_was_refused_is_named(db, migrator, player):
    with pytest.raises(OperationError) as caught:
        migrator.migrate(
            migrator.drop_column_default("player", "score"),
            migrator.add_not_null("player", "born"),
            migrator.drop_column("player", "note"),
        )
    assert "drop_column('player', 'note'): cannot drop" in str(caught.value) or (
        "add_not_null('player', 'born')" in str(caught.value)
    )


def test_cascade_drops_what_depends(db, migrator, player):
    migrator.migrate(migrator.drop_column("player", "note", cascade=True))
    migrator.migrate(migrator.drop_column("player", "score", cascade=True))
    migrator.migrate(migrator.drop_column("player", "born", cascade=True))
    schema = read_schema(db)
    assert [column.name for column in schema.table("player").columns] == [
        *("id", "odd name, (x)", "tags", "team_id", "died")
    ]
    assert [thing.name for thing in schema.objects] == ["sleeping"]


def test_what_the_field_says_besides_its_type_is_said(db, migrator, player):
    with pytest.warns(FieldDiffersWarning) as caught:
        migrator.migrate(migrator.alter_column_type("team", "name", CharField(default="x")))
    (warning,) = caught
    assert warning.filename == __file__
    assert "changes the type of 'name' alone, not null=False" in str(warning.message)
    assert "default='x' (migrator.add_column_default(…, 'name', …)" in str(warning.message)
    db.execute_sql("ALTER TABLE team ALTER name SET DEFAULT 'x'")
    migrator.migrate(migrator.alter_column_type("team", "name", TextField(null=True, default="x")))
    with pytest.warns(FieldDiffersWarning, match="range of the sequence"):
        migrator.migrate(migrator.alter_column_type("prize", "id", peewee.BigAutoField()))
    assert read_schema(db).table("prize").columns[0].type == "bigint"


def test_another_schema_is_honoured(db):
    db.execute_sql(
        'CREATE SCHEMA "a%%b"; CREATE TABLE "a%%b".player (id serial PRIMARY KEY);'
        "CREATE TABLE player (id serial PRIMARY KEY)"
    )
    migrator = PostgresqlMigrator(db, schema="a%b")
    before = read_schema(db, "public")
    migrator.migrate(
        migrator.add_column("player", "n", IntegerField(default=1, index=True)),
        migrator.add_column("player", "m", IntegerField(default=lambda: 1)),
        migrator.add_constraint("player", "c", Check("n > 0")),
        migrator.add_unique("player", "n"),
        migrator.add_index("player", ("n", "m"), concurrently=True),
        migrator.drop_index("player", "player_n_m", concurrently=True),
        migrator.drop_index("player", "player_n"),
        migrator.rename_table("player", "gamer"),
        migrator.sql("SELECT 1"),
    )
    assert read_schema(db, "public") == before
    (table,) = read_schema(db, "a%b").tables
    assert (table.name, [it.name for it in table.columns]) == ("gamer", ["id", "n", "m"])
    assert table.columns[0].default == "nextval('gamer_id_seq'::regclass)"
    plain = PostgresqlMigrator(db)
    plain.migrate(
        plain.drop_table("gamer", schema="a%b"),
        plain.drop_table("gamer", safe=True),
        plain.sql('SET search_path TO "a%%b"'),
    )
    assert read_schema(db).tables == ()
    plain.migrate(plain.set_search_path("public"))
    assert len(read_schema(db).tables) == 1


def test_migration_context_and_manual_commit(db, migrator, player):
    with migrator.migration_context():
        migrator.migrate(migrator.add_column("player", "a", IntegerField(default=1)))
    with db.manual_commit():
        db.begin()
        migrator.migrate(migrator.add_column("player", "b", IntegerField(default=1)))
        db.rollback()
    names = [column.name for column in read_schema(db).table("player").columns]
    assert "a" in names
    assert "b" not in names
