"""Models with every field class of Peewee and playhouse, and every option that reaches a schema."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from typing import Any

import peewee as pw
from playhouse import fields as extra


class Color(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


def models_for(engine: str, db: Any) -> list[Any]:
    """All of them, in an order in which they can be created."""
    base = base_of(db)
    return [*_core(base), *_keys(base), *_options(base, engine), *_OWN[engine](base)]


def base_of(db: Any) -> Any:
    class Base(pw.Model):
        class Meta:
            database = db

    return Base


def create(db: Any, models: list[Any]) -> None:
    """As an application does, with the foreign keys that it has to add itself."""
    db.create_tables(models)
    for model in models:
        for field in model._meta.sorted_fields:
            deferred = isinstance(field, pw.ForeignKeyField) and field.deferred
            if deferred and not isinstance(db, pw.SqliteDatabase):
                model._schema.create_foreign_key(field)


def _core(base: Any) -> list[Any]:
    class Core(base):
        integer = pw.IntegerField(default=3)
        big = pw.BigIntegerField(null=True)
        small = pw.SmallIntegerField(index=True)
        float_ = pw.FloatField()
        double = pw.DoubleField(null=True)
        decimal = pw.DecimalField()
        money = pw.DecimalField(max_digits=18, decimal_places=4, null=True)
        char = pw.CharField()
        short = pw.CharField(20, unique=True)
        fixed = pw.FixedCharField(3)
        text = pw.TextField()
        blob = pw.BlobField()
        bits = pw.BitField()
        big_bits = pw.BigBitField()
        uuid_ = pw.UUIDField(default=uuid.uuid4)
        binary_uuid = pw.BinaryUUIDField(null=True)
        moment = pw.DateTimeField(default=dt.datetime.now, index=True)
        day = pw.DateField(null=True)
        time = pw.TimeField(null=True)
        stamp = pw.TimestampField()
        fine_stamp = pw.TimestampField(resolution=1000, utc=True)
        ip = pw.IPField()
        flag = pw.BooleanField(default=False)
        json = pw.JSONField(null=True)
        compressed = extra.CompressedField()
        pickled = extra.PickleField(null=True)
        color = extra.EnumField(Color, max_length=10)
        level = extra.IntEnumField(Level, default=Level.LOW)
        flags = pw.BitField(column_name="Odd Name")
        first = flags.flag(1)

    return [Core]


def _keys(base: Any) -> list[Any]:
    class BigKey(base):
        id = pw.BigAutoField()
        code = pw.CharField(12, unique=True)

    class TextKey(base):
        code = pw.CharField(20, primary_key=True)

    class UuidKey(base):
        id = pw.UUIDField(primary_key=True, default=uuid.uuid4)

    class Child(base):
        big = pw.ForeignKeyField(BigKey, on_delete="CASCADE", on_update="CASCADE")
        by_code = pw.ForeignKeyField(BigKey, field="code", null=True, backref="+")
        text = pw.ForeignKeyField(TextKey, null=True, on_delete="SET NULL", unique=True)
        uuid_ = pw.ForeignKeyField(UuidKey, index=False, null=True, constraint_name="to_uuid")
        parent = pw.ForeignKeyField("self", null=True)

    class OneToOne(base):
        child = pw.ForeignKeyField(Child, primary_key=True)

    class Pair(base):
        one = pw.ForeignKeyField(BigKey, backref="+")
        two = pw.ForeignKeyField(TextKey, backref="+")
        weight = pw.FloatField(null=True)

        class Meta:
            primary_key = pw.CompositeKey("one", "two")

    class NoKey(base):
        value = pw.IntegerField()

        class Meta:
            primary_key = False

    class Egg(base):
        hen = pw.DeferredForeignKey("WtHen", null=True)

    class WtHen(base):
        egg = pw.ForeignKeyField(Egg, null=True)

    class Tagged(base):
        tags = pw.ManyToManyField(BigKey, backref="tagged")

    between = Tagged.tags.get_through_model()
    return [BigKey, TextKey, UuidKey, Child, OneToOne, Pair, NoKey, Egg, WtHen, Tagged, between]


def _options(base: Any, engine: str) -> list[Any]:
    collation = {"sqlite": "NOCASE", "postgresql": '"C"', "mariadb": "utf8mb4_bin"}[engine]

    class Options(base):
        collated = pw.CharField(collation=collation)
        preset = pw.IntegerField(constraints=[pw.Default(7)])
        words = pw.CharField(constraints=[pw.SQL("DEFAULT 'a, (b)'")])
        positive = pw.IntegerField(constraints=[pw.Check("positive > 0")])
        kind = pw.CharField(10, constraints=[pw.Check("kind IN ('a', 'b')")])
        score = pw.IntegerField()

        class Meta:
            table_name = "Options Table"
            constraints = [  # noqa: RUF012 - as an application writes it
                pw.Check("score < 100 AND positive < 50"),
                pw.SQL("UNIQUE (score, kind)"),
            ]
            indexes = ((("score", "positive"), True), (("kind", "score"), False))

    Options.add_index(Options.score.desc(), Options.kind, name="options_desc")
    if engine != "mariadb":
        Options.add_index(Options.kind, where=(Options.score > 5), name="options_partial")
        Options.add_index(pw.fn.LOWER(Options.words), name="options_lower")

    return [Options]


def _sqlite(base: Any) -> list[Any]:
    from playhouse import sqlite_ext as ext

    class Lite(base):
        id = ext.AutoIncrementField()
        decimal = ext.TDecimalField(max_digits=10, decimal_places=3)
        iso = ext.ISODateTimeField(null=True)
        json = ext.JSONField(null=True)
        jsonb = ext.JSONBField(null=True)
        anything = pw.AnyField(null=True)
        bare = pw.BareField(null=True)

    class RowId(base):
        rowid = ext.RowIDField()
        name = pw.TextField()

    class Strict(base):
        name = pw.TextField()

        class Meta:
            strict_tables = True

    class WithoutRowid(base):
        code = pw.TextField(primary_key=True)

        class Meta:
            without_rowid = True

    class Search(ext.FTS5Model):
        title = ext.SearchField()
        body = ext.SearchField(unindexed=True)

        class Meta:
            database = base._meta.database
            options = {"tokenize": "porter"}  # noqa: RUF012 - the same

    return [Lite, RowId, Strict, WithoutRowid, Search]


def _postgresql(base: Any) -> list[Any]:
    from playhouse import postgres_ext as ext

    class Elephant(base):
        id = pw.IdentityField()
        array = ext.ArrayField(pw.IntegerField)
        matrix = ext.ArrayField(pw.CharField, field_kwargs={"max_length": 5}, dimensions=2)
        with_zone = ext.DateTimeTZField()
        json = ext.JSONField(null=True)
        binary = ext.BinaryJSONField()
        search = ext.TSVectorField(null=True)
        span = ext.IntervalField(null=True)
        counted = pw.IntegerField(sequence="elephant_counted")
        late = pw.ForeignKeyField("self", deferrable="INITIALLY DEFERRED", null=True)

    class IdentityAlways(base):
        id = pw.IdentityField(generate_always=True)
        flag = pw.BooleanField(constraints=[pw.Default(False)])

    Elephant.add_index(Elephant.span, nulls_distinct=False, unique=True, name="one_span")
    return [Elephant, IdentityAlways]


def _mariadb(base: Any) -> list[Any]:
    from playhouse import mysql_ext as ext

    class Seal(base):
        json = ext.MySQLJSONField(null=True)
        stamped = pw.DateTimeField(
            constraints=[pw.SQL("DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP")]
        )

        class Meta:
            table_settings = ("ENGINE=InnoDB", "COMMENT='seals'")

    return [Seal]


_OWN = {"sqlite": _sqlite, "postgresql": _postgresql, "mariadb": _mariadb}
