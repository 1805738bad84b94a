"""The single changes that a model can undergo: those of `seeds.py`, and what takes two tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import peewee as pw
import pytest

from support.seeds import ALL, SEEDS, SERVERS, Key, Tables, before
from wheatear.schema.diff import candidates
from wheatear.schema.renames import Rename


@dataclass(frozen=True)
class Single:
    """One change.

    Attributes:
        name: What it is.
        change: Makes it.
        engines: Where it can be.
        renames: Whether what is likely a rename is one.
        fills: What rows get that have no value.
    """

    name: str
    change: Callable[[Tables], Any]
    engines: tuple[str, ...] = ALL
    renames: bool = False
    fills: dict[tuple[str, str], str] = field(default_factory=dict)

    def likely(self, here: Any, there: Any) -> list[Rename]:
        return candidates(here, there) if self.renames else []


_FILLS = {"not_null": {("player", "age"): "place + 20"}}
_RENAMES = {"table_renamed", "column_renamed"}

SINGLES = [
    Single(
        seed.name,
        seed.change,
        seed.engines,
        seed.name in _RENAMES,
        _FILLS.get(seed.name, {}),
    )
    for seed in SEEDS
]


def _single(**more: Any) -> Callable[[Any], Any]:
    def keep(change: Callable[[Tables], Any]) -> Callable[[Tables], Any]:
        SINGLES.append(Single(change.__name__, change, **more))
        return change

    return keep


@_single()
def table_removed(tables: Tables) -> None:
    del tables.fields["pair"], tables.meta["pair"]


@_single()
def two_tables_removed(tables: Tables) -> None:
    del tables.fields["player"], tables.meta["player"]
    del tables.fields["team"]
    tables.indexes.clear()


@_single()
def table_with_references_added(tables: Tables) -> None:
    tables.fields["trade"] = {
        "player": Key("player", {"on_delete": "CASCADE", "backref": "trades"}),
        "origin": Key("team", {"null": True, "column_name": "from", "backref": "sold"}),
        "price": pw.DecimalField(10, 2, constraints=[pw.Check("price > 0")]),
        "before": Key("trade", {"null": True}),
        "day": pw.DateField(index=True),
    }


@_single()
def join_table_added(tables: Tables) -> None:
    tables.fields["training"] = {"coach": Key("coach"), "player": Key("player")}
    tables.meta["training"] = {"primary_key": pw.CompositeKey("coach", "player")}


@_single()
def composite_key_becomes_unique(tables: Tables) -> None:
    """A number takes its place, and what was the key stays unique."""
    tables.meta["pair"] = {"indexes": ((("one", "two"), True),)}


@_single(engines=SERVERS)
def cycle_added(tables: Tables) -> None:
    tables.fields["egg"] = {"hen": Later("hen", {"null": True})}
    tables.fields["hen"] = {"egg": Key("egg", {"null": True, "on_delete": "CASCADE"})}


class Later(Key):
    """A foreign key to a model that is not there yet."""

    def made(self, models: dict[str, Any]) -> Any:
        return pw.DeferredForeignKey(self.table.title(), **self.options)


@_single(engines=("sqlite",))
def cycle_added_at_once(tables: Tables) -> None:
    for one, other in (("egg", "hen"), ("hen", "egg")):
        tables.fields[one] = {other: pw.IntegerField(null=True)}
        key = pw.SQL(f'FOREIGN KEY ("{other}") REFERENCES "{other}" ("id")')
        tables.meta[one] = {"constraints": [key]}


@_single()
def composite_foreign_key_added(tables: Tables) -> None:
    tables.fields["result"] = {
        "one": pw.IntegerField(),
        "two": pw.IntegerField(),
        "score": pw.IntegerField(),
    }
    key = "FOREIGN KEY (one, two) REFERENCES pair (one, two) ON DELETE CASCADE"
    tables.meta["result"] = {"constraints": [pw.SQL(key)]}


@_single()
def column_of_text_with_default_added(tables: Tables) -> None:
    tables.fields["coach"]["motto"] = WithDefault(40)


class WithDefault(pw.CharField):
    """A percent sign is doubled where the driver's parameters begin with one."""

    def ddl(self, ctx: Any) -> Any:
        percent = "%" if ctx.state.param == "?" else "%%"
        self.constraints = [pw.SQL(f"DEFAULT 'it''s 100{percent}'")]
        return super().ddl(ctx)


@_single(fills={("coach", "height"): "1.8"})
def column_filled_with_a_constant(tables: Tables) -> None:
    tables.fields["coach"]["height"] = pw.FloatField()


@_single(fills={("player", "length"): "length(name)"})
def column_filled_from_another(tables: Tables) -> None:
    tables.fields["player"]["length"] = pw.IntegerField()


@_single()
def odd_names(tables: Tables) -> None:
    tables.fields["odd table"] = {
        "class_": pw.IntegerField(column_name="class"),
        "select_": pw.CharField(column_name="select", index=True),
        "two_words": pw.IntegerField(column_name="two words"),
        "upper": pw.IntegerField(column_name="Upper"),
        "percent": pw.IntegerField(column_name="100"),
    }


@_single()
def indexes_called_after_the_class(tables: Tables) -> None:
    tables.fields["player_note"] = {
        "note": pw.CharField(40, index=True),
        "place": pw.IntegerField(),
    }
    tables.meta["player_note"] = {"indexes": ((("place", "note"), True),)}


@_single()
def indexes_called_after_the_table(tables: Tables) -> None:
    indexes_called_after_the_class(tables)
    tables.meta["player_note"]["legacy_table_names"] = False


def before_and_after(single: Single) -> tuple[Tables, Tables]:
    after = before()
    single.change(after)
    return before(), after


def on_engines(singles: Sequence[Single]) -> Any:
    """Each of these changes on each engine that knows it: for a test's `engine` and `single`."""
    cases = [
        pytest.param(engine, single, id=f"{engine}-{single.name}")
        for engine in ALL
        for single in singles
        if engine in single.engines
    ]
    return pytest.mark.parametrize(("engine", "single"), cases, indirect=["engine"])
