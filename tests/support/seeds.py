"""Differences between models and a database, one a kind: what each changes, and what is said."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import peewee as pw
from playhouse import postgres_ext, sqlite_ext

ALL = ("sqlite", "postgresql", "mariadb")


@dataclass
class Tables:
    """Models as data, until they are made: fields and Meta by table, more statements by table."""

    fields: dict[str, dict[str, pw.Field]]
    meta: dict[str, dict[str, Any]] = field(default_factory=dict)
    indexes: list[tuple[str, Callable[[Any], Any]]] = field(default_factory=list)

    def models(self, db: Any) -> list[Any]:
        made = {}
        for table, fields in self.fields.items():
            meta = {"database": db, "table_name": table, **self.meta.get(table, {})}
            attributes = {
                name: made_field(value, made) for name, value in copy.deepcopy(fields).items()
            }
            meta = {"Meta": type("Meta", (), copy.deepcopy(meta) | {"database": db})}
            made[table] = type(table.title(), (pw.Model,), attributes | meta)
        for table, index in self.indexes:
            made[table].add_index(index(made[table]))
        return list(made.values())


def made_field(value: Any, made: dict[str, Any]) -> Any:
    return value.made(made) if isinstance(value, Key) else value


@dataclass
class Key:
    """A foreign key, made when the table it points at is."""

    table: str
    options: dict[str, Any] = field(default_factory=dict)

    def made(self, models: dict[str, Any]) -> Any:
        return pw.ForeignKeyField(models.get(self.table, "self"), **self.options)


def before() -> Tables:
    """What the database is made by."""
    return Tables(
        {
            "team": {"name": pw.CharField(40, unique=True), "city": pw.CharField(40)},
            "coach": {"name": pw.CharField(40)},
            "player": {
                "name": pw.CharField(40),
                "age": pw.IntegerField(null=True),
                "place": pw.IntegerField(constraints=[pw.SQL("DEFAULT 3")]),
                "wage": pw.DecimalField(10, 2),
                "born": pw.DateField(index=True),
                "code": pw.CharField(10, constraints=[pw.Check("code <> ''")]),
                "team": Key("team", {"on_delete": "CASCADE", "on_update": "CASCADE"}),
            },
            "pair": {"one": pw.IntegerField(), "two": pw.IntegerField()},
        },
        {
            "player": {
                "indexes": ((("name", "age"), False), (("place", "age"), True)),
                "constraints": [pw.Check("place < 100")],
            },
            "pair": {"primary_key": pw.CompositeKey("one", "two")},
        },
        [
            ("team", lambda model: pw.SQL("CREATE INDEX team_desc ON team (city DESC)")),
        ],
    )


@dataclass(frozen=True)
class Seed:
    """One difference.

    Attributes:
        name: What kind it is.
        change: Makes it.
        says: What has to stand in the one line that tells it.
        engines: Where it can be.
        lines: How many lines are told in all.
    """

    name: str
    change: Callable[[Tables], Any]
    says: tuple[str, ...]
    engines: tuple[str, ...] = ALL
    lines: int = 1


SEEDS: list[Seed] = []


def _seed(*says: str, engines: tuple[str, ...] = ALL, lines: int = 1) -> Callable[[Any], Any]:
    def keep(change: Callable[[Tables], Any]) -> Callable[[Tables], Any]:
        SEEDS.append(Seed(change.__name__, change, says, engines, lines))
        return change

    return keep


NO_MARIADB = ("sqlite", "postgresql")
SERVERS = ("postgresql", "mariadb")


def _player(tables: Tables, **fields: pw.Field) -> None:
    tables.fields["player"].update(fields)


@_seed("table medal", "only in the models")
def table_added(tables: Tables) -> None:
    tables.fields["medal"] = {"name": pw.TextField()}


@_seed("table squad", "only in the models")
def table_renamed(tables: Tables) -> None:
    tables.fields["squad"] = tables.fields.pop("coach")


@_seed("column player.height", "only in the models")
def nullable_column_added(tables: Tables) -> None:
    _player(tables, height=pw.FloatField(null=True))


@_seed("column player.height", "NOT NULL", "only in the models")
def column_added(tables: Tables) -> None:
    _player(tables, height=pw.FloatField())


@_seed("column coach.name", "only in the database")
def column_removed(tables: Tables) -> None:
    del tables.fields["coach"]["name"]


@_seed("column coach.title", "only in the models", lines=2)
def column_renamed(tables: Tables) -> None:
    tables.fields["coach"] = {"title": pw.CharField(40)}


@_seed("column coach.Name", "only in the models", engines=("postgresql",), lines=2)
def letter_case_of_a_column(tables: Tables) -> None:
    tables.fields["coach"]["name"] = pw.CharField(40, column_name="Name")


@_seed("column player.age: type is int", "bigint", engines=SERVERS)
def integer_to_bigint(tables: Tables) -> None:
    _player(tables, age=pw.BigIntegerField(null=True))


@_seed("column coach.name: type is", "text")
def varchar_to_text(tables: Tables) -> None:
    tables.fields["coach"]["name"] = pw.TextField()


@_seed("column coach.name: type is", "(40)", "(80)")
def length(tables: Tables) -> None:
    tables.fields["coach"]["name"] = pw.CharField(80)


@_seed("column player.wage: type is", "12", "3")
def precision(tables: Tables) -> None:
    _player(tables, wage=pw.DecimalField(12, 3))


@_seed("column player.born: type is date", "time")
def date_to_datetime(tables: Tables) -> None:
    _player(tables, born=pw.DateTimeField(index=True))


@_seed("column player.place: type is", "bool", engines=("postgresql",), lines=3)
def integer_to_boolean(tables: Tables) -> None:
    _player(tables, place=pw.BooleanField(constraints=[pw.SQL("DEFAULT true")]))
    tables.meta["player"]["constraints"] = []


@_seed("column pair.two: type is integer", "integer[]", engines=("postgresql",))
def array(tables: Tables) -> None:
    tables.fields["pair"]["two"] = postgres_ext.ArrayField(pw.IntegerField, index=False)


@_seed("column player.age: NULL in the database, NOT NULL in the models")
def not_null(tables: Tables) -> None:
    _player(tables, age=pw.IntegerField())


@_seed("column coach.name: NOT NULL in the database, NULL in the models")
def null(tables: Tables) -> None:
    tables.fields["coach"]["name"] = pw.CharField(40, null=True)


@_seed("column player.age: default is none in the database, 5 in the models")
def default_added(tables: Tables) -> None:
    _player(tables, age=pw.IntegerField(null=True, constraints=[pw.SQL("DEFAULT 5")]))


@_seed("column player.place: default is 3 in the database, 4 in the models")
def default_changed(tables: Tables) -> None:
    _player(tables, place=pw.IntegerField(constraints=[pw.SQL("DEFAULT 4")]))


@_seed("column coach.name: collation is", "in the models")
def collation(tables: Tables) -> None:
    tables.fields["coach"]["name"] = Collated(40)


class Collated(pw.CharField):
    """A collation that each engine has."""

    def ddl(self, ctx: Any) -> Any:
        names = {"?": "NOCASE", "%s": "utf8mb4_bin" if ctx.state.quote == "``" else '"C"'}
        self.collation = names[ctx.state.param]
        return super().ddl(ctx)


@_seed("column coach.size", "only in the models", "GENERATED")
def generated_column(tables: Tables) -> None:
    how = [pw.SQL("GENERATED ALWAYS AS (length(name)) STORED")]
    tables.fields["coach"]["size"] = pw.IntegerField(null=True, constraints=how)


@_seed("table coach", "unique index coach_name (name)", "only in the models")
def unique_added(tables: Tables) -> None:
    tables.fields["coach"]["name"] = pw.CharField(40, unique=True)


@_seed("table team", "unique index team_name (name)", "only in the database")
def unique_removed(tables: Tables) -> None:
    tables.fields["team"]["name"] = pw.CharField(40)


@_seed("table team", "index team_name (name)", "only in the models", lines=2)
def unique_to_plain(tables: Tables) -> None:
    tables.fields["team"]["name"] = pw.CharField(40, index=True)


@_seed("table coach", "index coach_name (name)", "only in the models")
def index_added(tables: Tables) -> None:
    tables.fields["coach"]["name"] = pw.CharField(40, index=True)


@_seed("table player", "index player_born (born)", "only in the database")
def index_removed(tables: Tables) -> None:
    _player(tables, born=pw.DateField())


@_seed("table team", "index team_name_city (name, city)", "only in the models")
def composite_index_added(tables: Tables) -> None:
    tables.meta["team"] = {"indexes": ((("name", "city"), False),)}


@_seed("table player", "index player_age_name (age, name)", "only in the models", lines=2)
def composite_index_in_another_order(tables: Tables) -> None:
    indexes = ((("age", "name"), False), (("place", "age"), True))
    tables.meta["player"]["indexes"] = indexes


@_seed("table player", "unique index player_place_age (place, age)", "only in the database")
def composite_unique_removed(tables: Tables) -> None:
    tables.meta["player"]["indexes"] = ((("name", "age"), False),)


@_seed("table team", "(city DESC)", "only in the database", lines=2)
def direction_of_an_index(tables: Tables) -> None:
    statement = pw.SQL("CREATE INDEX team_desc ON team (city)")
    tables.indexes[0] = ("team", lambda model: statement)


@_seed("table coach", "coach_some (name)", "WHERE", "only in the models", engines=NO_MARIADB)
def partial_index(tables: Tables) -> None:
    tables.indexes.append(
        ("coach", lambda model: model.index(model.name, where=model.id > 5, name="coach_some"))
    )


@_seed("table coach", "coach_lower", "ower", "only in the models", engines=NO_MARIADB)
def expression_index(tables: Tables) -> None:
    tables.indexes.append(
        ("coach", lambda model: model.index(pw.fn.lower(model.name), name="coach_lower"))
    )


@_seed("table coach", "coach_hash (name) USING hash", "in the models", engines=("postgresql",))
def method_of_an_index(tables: Tables) -> None:
    tables.indexes.append(
        ("coach", lambda model: model.index(model.name, using="HASH", name="coach_hash"))
    )


@_seed("table coach", "NULLS NOT DISTINCT", "only in the models", engines=("postgresql",))
def nulls_not_distinct(tables: Tables) -> None:
    tables.indexes.append(
        ("coach", lambda m: m.index(m.name, unique=True, nulls_distinct=False, name="coach_one"))
    )


@_seed("table coach", "foreign key (team_id) to team (id)", "only in the models", lines=3)
def foreign_key_added(tables: Tables) -> None:
    tables.fields["coach"]["team"] = Key("team", {"null": True})


@_seed("table player", "foreign key (team_id) to team (id)", "only in the database")
def foreign_key_removed(tables: Tables) -> None:
    _player(tables, team=pw.IntegerField(column_name="team_id", index=True))


@_seed("table player", "foreign key (team_id) to coach (id)", "only in the models", lines=2)
def foreign_key_to_another_table(tables: Tables) -> None:
    options = {"column_name": "team_id", "on_delete": "CASCADE", "on_update": "CASCADE"}
    _player(tables, team=Key("coach", options))


@_seed("table player", "foreign key (team_id)", "ON DELETE SET NULL", "models", lines=3)
def on_delete(tables: Tables) -> None:
    options = {"on_delete": "SET NULL", "on_update": "CASCADE", "null": True}
    _player(tables, team=Key("team", options))


@_seed("table player", "foreign key (team_id)", "ON DELETE CASCADE is", "models", lines=2)
def on_update(tables: Tables) -> None:
    _player(tables, team=Key("team", {"on_delete": "CASCADE"}))


@_seed("table player", "DEFERRABLE INITIALLY DEFERRED", "models", engines=NO_MARIADB, lines=2)
def deferrable(tables: Tables) -> None:
    options = {"on_delete": "CASCADE", "on_update": "CASCADE"}
    _player(tables, team=Key("team", {**options, "deferrable": "INITIALLY DEFERRED"}))


@_seed("table coach", "foreign key (boss_id) to coach (id)", "only in the models", lines=3)
def self_reference(tables: Tables) -> None:
    tables.fields["coach"]["boss"] = Key("coach", {"null": True})


@_seed("table player", "check (", "age", "only in the models")
def check_added(tables: Tables) -> None:
    _player(tables, age=pw.IntegerField(null=True, constraints=[pw.Check("age > 0")]))


@_seed("table player", "check (", "code", "'x'", "only in the models", lines=2)
def check_changed(tables: Tables) -> None:
    _player(tables, code=pw.CharField(10, constraints=[pw.Check("code <> 'x'")]))


@_seed("table player", "check (", "place", "only in the database")
def check_removed(tables: Tables) -> None:
    tables.meta["player"]["constraints"] = []


@_seed("table player", "check (", "age", "place", "only in the models", lines=2)
def check_of_two_columns(tables: Tables) -> None:
    tables.meta["player"]["constraints"] = [pw.Check("place < age")]


@_seed("table team", "unique", "(city, name)", "only in the models")
def unique_constraint(tables: Tables) -> None:
    tables.meta["team"] = {"constraints": [pw.SQL("UNIQUE (city, name)")]}


@_seed("table coach: primary key (name) is only in the models", lines=3)
def primary_key(tables: Tables) -> None:
    tables.fields["coach"]["name"] = pw.CharField(40, primary_key=True)


@_seed("table pair: primary key (two, one) is only in the models", lines=2)
def composite_key(tables: Tables) -> None:
    tables.meta["pair"]["primary_key"] = pw.CompositeKey("two", "one")


@_seed("column coach.id: generated is none", "IDENTITY", engines=("postgresql",), lines=2)
def identity(tables: Tables) -> None:
    tables.fields["coach"]["id"] = pw.IdentityField()


@_seed("column coach.id", "bigint", engines=SERVERS)
def big_key(tables: Tables) -> None:
    tables.fields["coach"]["id"] = pw.BigAutoField()


@_seed("column player.age: default", "ages", engines=("postgresql",), lines=2)
def sequence(tables: Tables) -> None:
    _player(tables, age=pw.IntegerField(null=True, sequence="ages"))


@_seed("table coach: options are none", "STRICT", engines=("sqlite",), lines=2)
def strict(tables: Tables) -> None:
    tables.meta["coach"] = {"strict_tables": True}
    tables.fields["coach"]["name"] = pw.TextField()


@_seed("table pair: options are none", "WITHOUT ROWID", engines=("sqlite",))
def without_rowid(tables: Tables) -> None:
    tables.meta["pair"]["without_rowid"] = True


@_seed("primary key (id) AUTOINCREMENT", "models", engines=("sqlite",), lines=2)
def autoincrement(tables: Tables) -> None:
    tables.fields["coach"]["id"] = sqlite_ext.AutoIncrementField()


@_seed("table coach: options are ENGINE=InnoDB", "ENGINE=MyISAM", engines=("mariadb",))
def storage_engine(tables: Tables) -> None:
    tables.meta["coach"] = {"table_settings": "ENGINE=MyISAM"}


@_seed("table coach: comment is none", "trains", engines=("mariadb",))
def table_comment(tables: Tables) -> None:
    tables.meta["coach"] = {"table_settings": "COMMENT='trains'"}


@_seed("column coach.name: comment is none", "full", engines=("mariadb",))
def column_comment(tables: Tables) -> None:
    how = [pw.SQL("COMMENT 'full'")]
    tables.fields["coach"]["name"] = pw.CharField(40, constraints=how)
