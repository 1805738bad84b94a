"""Each operation changes what it names and nothing else, as pg_dump sees it."""

from __future__ import annotations

import uuid

import peewee
import pytest
from peewee import BigIntegerField, CharField, Check, IntegerField, TextField, UUIDField

from wheatear.engines.postgresql import work
from wheatear.errors import OperationError

TEAM = type("Team", (peewee.Model,), {"Meta": type("Meta", (), {"table_name": "team"})})


def column(name):
    return f"ALTER TABLE ONLY public.player ALTER COLUMN {name}"


OPERATIONS = {
    "add_column": (
        lambda m: m.add_column("player", "experience", IntegerField(default=0)),
        ["+ experience integer DEFAULT 0 NOT NULL"],
    ),
    "add_column with everything": (
        lambda m: m.add_column(
            "player",
            "rank",
            CharField(
                default="50% it's \\ ",
                collation='"C"',
                constraints=[Check("rank <> 'x%%'", name="ranked")],
                index=True,
                max_length=20,
            ),
        ),
        [
            "+ rank character varying(20) DEFAULT '50% it''s \\ '::character varying NOT NULL COLLATE pg_catalog.\"C\"",
            "+ CONSTRAINT ranked CHECK (((rank)::text <> 'x%'::text))",
            "+ CREATE INDEX player_rank ON public.player USING btree (rank);",
        ],
    ),
    "add_column that allows NULL": (
        lambda m: m.add_column("player", "level", IntegerField(null=True, default=3)),
        ["+ level integer DEFAULT 3"],
    ),
    "add_column with a foreign key": (
        lambda m: m.add_column(
            "player",
            "old_team_id",
            peewee.ForeignKeyField(
                TEAM, null=True, on_delete="SET NULL", deferrable="INITIALLY DEFERRED"
            ),
        ),
        [
            "+ old_team_id integer",
            "+ CREATE INDEX player_old_team_id ON public.player USING btree (old_team_id);",
            "+ ALTER TABLE ONLY public.player",
            "+ ADD CONSTRAINT player_old_team_id_fkey FOREIGN KEY (old_team_id) REFERENCES public.team(id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;",
        ],
    ),
    "add_column with uuid4": (
        lambda m: m.add_column("player", "token", UUIDField(default=uuid.uuid4)),
        ["+ token uuid NOT NULL"],
    ),
    "add_not_null": (
        lambda m: m.add_not_null("player", "note"),
        ["- note character varying(50)", "+ note character varying(50) NOT NULL"],
    ),
    "add_column_default": (
        lambda m: m.add_column_default("player", "note", "007"),
        [
            "- note character varying(50) NOT NULL",
            "+ note character varying(50) DEFAULT '007'::character varying NOT NULL",
        ],
    ),
    "add_column_default with SQL": (
        lambda m: m.add_column_default("player", "born", "now()"),
        ["- born date", "+ born date DEFAULT now()"],
    ),
    "drop_column_default": (
        lambda m: m.drop_column_default("player", "score"),
        ["- score numeric(6,2) DEFAULT 1.5", "+ score numeric(6,2)"],
    ),
    "alter_column_type keeps collation and default": (
        lambda m: m.alter_column_type("player", "odd name, (x)", CharField(max_length=99)),
        [
            "- \"odd name, (x)\" text DEFAULT 'a,b) ''q'''::text NOT NULL COLLATE pg_catalog.\"C\"",
            "+ \"odd name, (x)\" character varying(99) DEFAULT 'a,b) ''q'''::text NOT NULL COLLATE pg_catalog.\"C\"",
        ],
    ),
    "alter_column_type of an identity": (
        lambda m: m.alter_column_type("prize", "player_id", BigIntegerField()),
        ["- player_id integer NOT NULL", "+ player_id bigint NOT NULL"],
    ),
    "alter_column_type with cast": (
        lambda m: m.alter_column_type("team", "name", IntegerField(null=True), "length(name)"),
        ["- name text", "+ name integer"],
    ),
    "drop_not_null": (
        lambda m: m.drop_not_null("player", "odd name, (x)"),
        [
            "- \"odd name, (x)\" character varying(99) DEFAULT 'a,b) ''q'''::text NOT NULL COLLATE pg_catalog.\"C\"",
            "+ \"odd name, (x)\" character varying(99) DEFAULT 'a,b) ''q'''::text COLLATE pg_catalog.\"C\"",
        ],
    ),
    "drop_column": (
        lambda m: m.drop_column("player", "tags"),
        [
            "- tags text[] DEFAULT '{a,b}'::text[]",
            "- ALTER TABLE ONLY public.player ALTER COLUMN tags SET STORAGE EXTERNAL;",
            "- CREATE INDEX hashed ON public.player USING hash (tags);",
        ],
    ),
    "add_constraint": (
        lambda m: m.add_constraint("player", "noted", Check("note <> ''")),
        ["+ CONSTRAINT noted CHECK (((note)::text <> ''::text))"],
    ),
    "drop_constraint": (
        lambda m: m.drop_constraint("player", "lived"),
        [
            "- ALTER TABLE public.player",
            "- ADD CONSTRAINT lived CHECK ((died >= born)) NOT VALID;",
        ],
    ),
    "add_unique": (
        lambda m: m.add_unique("team", "name"),
        ["+ ALTER TABLE ONLY public.team", "+ ADD CONSTRAINT uniq_name UNIQUE (name);"],
    ),
    "add_foreign_key_constraint": (
        lambda m: m.add_foreign_key_constraint(
            "prize",
            "id",
            "team",
            "id",
            "CASCADE",
            "SET NULL",
            "a",
            deferrable="INITIALLY IMMEDIATE",
        ),
        [
            "+ ALTER TABLE ONLY public.prize",
            "+ ADD CONSTRAINT a FOREIGN KEY (id) REFERENCES public.team(id) ON UPDATE SET NULL ON DELETE CASCADE DEFERRABLE;",
        ],
    ),
    "drop_foreign_key_constraint": (
        lambda m: m.drop_foreign_key_constraint("player", "team_id"),
        [
            "- ALTER TABLE ONLY public.player",
            "- ADD CONSTRAINT in_team FOREIGN KEY (team_id) REFERENCES public.team(id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;",
        ],
    ),
    "add_index": (
        lambda m: m.add_index("player", ("note",), True, where="note <> 'a%'", name="few"),
        [
            "+ CREATE UNIQUE INDEX few ON public.player USING btree (note) WHERE ((note)::text <> 'a%'::text);"
        ],
    ),
    "add_index concurrently": (
        lambda m: m.add_index("player", ("note", "born"), using="btree", concurrently=True),
        ["+ CREATE INDEX player_note_born ON public.player USING btree (note, born);"],
    ),
    "drop_index": (
        lambda m: m.drop_index("player", "partial"),
        [
            "- CREATE INDEX partial ON public.player USING btree (note DESC NULLS LAST, born) INCLUDE (died) WHERE (score > (3)::numeric);",
            "- COMMENT ON INDEX public.partial IS 'half of it';",
        ],
    ),
    "drop_index concurrently": (
        lambda m: m.drop_index("player", "distinctly", concurrently=True),
        [
            "- CREATE UNIQUE INDEX distinctly ON public.player USING btree (died) NULLS NOT DISTINCT;"
        ],
    ),
    "rename_column": (
        lambda m: m.rename_column("team", "name", "called"),
        None,
    ),
    "rename_table": (
        lambda m: m.rename_table("prize", "award"),
        None,
    ),
    "drop_table": (
        lambda m: m.drop_table("award"),
        None,
    ),
}


def test_each_operation_changes_what_it_names_and_nothing_else(db, migrator, player, dump, differ):
    """One after another, outside a transaction; a few between two dumps, which take a while."""
    before = dump()
    todo = list(OPERATIONS.items())
    for some in (todo[start : start + 4] for start in range(0, len(todo), 4)):
        expected = []
        for _, (operation, lines) in some:
            migrator.migrate(operation(migrator))
            for line in lines or []:  # what one brings and the next takes shows in no dump
                opposite = {"+": "-", "-": "+"}[line[0]] + line[1:]
                expected.remove(opposite) if opposite in expected else expected.append(line)
        after = dump()
        found = differ(before, after)
        if all(lines is not None for _, (_, lines) in some):
            assert sorted(found) == sorted(expected)
        else:
            assert set(expected) <= set(found)
        before = after
    assert "ALTER TABLE ONLY public.player ALTER COLUMN note SET STATISTICS 500;" in before
    assert "COMMENT ON COLUMN public.player.note IS 'it''s free';" in before
    assert "GRANT SELECT(note) ON TABLE public.player TO PUBLIC;" in before
    tokens = db.execute_sql("SELECT count(DISTINCT token), count(level) FROM player").fetchone()
    assert tokens == (2, 2)  # a value each from a callable; the constant default for all


def test_each_operation_is_undone_with_the_callers_transaction(db, migrator, player, dump, differ):
    before = dump()
    for name, (operation, _) in OPERATIONS.items():
        if "concurrently" in name or name == "drop_table":
            continue
        with db.atomic() as transaction:
            db.execute_sql("SET LOCAL lock_timeout = '12345ms'")
            migrator.migrate(operation(migrator))
            ((after,),) = db.execute_sql("SHOW lock_timeout").fetchall()
            transaction.rollback()
        assert after == "12345ms", name
    assert differ(before, dump()) == []


def test_rename_table_renames_the_sequence_it_really_owns(db, migrator):
    db.execute_sql(
        "CREATE TABLE prize (id serial PRIMARY KEY);"
        "CREATE SEQUENCE award_id_seq_; CREATE SEQUENCE team_id_seq;"
        "CREATE TABLE team (id integer PRIMARY KEY DEFAULT nextval('team_id_seq'))"
    )
    migrator.migrate(migrator.rename_table("prize", "award"), migrator.rename_table("team", "side"))
    rows = db.execute_sql("SELECT relname FROM pg_class WHERE relkind = 'S' ORDER BY 1")
    assert [name for (name,) in rows] == ["award_id_seq", "award_id_seq_", "team_id_seq"]
    assert db.execute_sql("INSERT INTO award DEFAULT VALUES RETURNING id").fetchall() == [(1,)]


def test_what_changed_besides_is_undone_and_said(db, migrator, player, monkeypatch):
    """An event trigger that meddles stands for whatever we did not think of."""
    db.execute_sql(
        "CREATE FUNCTION meddle() RETURNS event_trigger LANGUAGE plpgsql AS "
        "$$BEGIN IF pg_trigger_depth() = 0 AND NOT EXISTS (SELECT FROM pg_description "
        "WHERE description = 'meddled') THEN COMMENT ON TABLE player IS 'meddled'; "
        "DROP INDEX partial; END IF; END$$;"
        "CREATE EVENT TRIGGER meddler ON ddl_command_end WHEN TAG IN ('ALTER TABLE') "
        "EXECUTE FUNCTION meddle()"
    )
    with pytest.raises(OperationError) as caught:
        migrator.migrate(migrator.drop_column_default("player", "score"))
    assert "changed more than it names, so it was undone" in caught.value.what
    assert 'index "partial" is gone' in caught.value.what
    assert "comment 'people' became 'meddled'" in caught.value.what
    assert "test_postgresql_faithful.py" in caught.value.where
    ((default,),) = db.execute_sql(
        "SELECT column_default FROM information_schema.columns WHERE column_name = 'score'"
    ).fetchall()
    assert default == "1.5"


def test_changes_in_a_row_are_one_alter(db, migrator, player, monkeypatch):
    sent = []
    monkeypatch.setattr(work, "send", lambda db, sql: (sent.append(sql), db.execute_sql(sql)))
    migrator.migrate(
        migrator.add_column("player", "a", IntegerField(default=1)),
        migrator.drop_column("player", "tags"),
        migrator.drop_not_null("player", "odd name, (x)"),
        migrator.add_column_default("player", "note", "x"),
        migrator.rename_column("player", "a", "b"),
        migrator.alter_column_type("player", "b", TextField(default="1")),
    )
    assert [sql.split(" ", 3)[3] for sql in sent if not sql.startswith("BEGIN")] == [
        (
            'ADD COLUMN "a" INTEGER NOT NULL DEFAULT 1, DROP COLUMN "tags", '
            'ALTER COLUMN "odd name, (x)" DROP NOT NULL, ALTER COLUMN "note" SET DEFAULT \'x\''
        ),
        'RENAME COLUMN "a" TO "b"',
        'ALTER COLUMN "b" TYPE TEXT',
    ]
