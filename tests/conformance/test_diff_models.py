"""Models against databases: no noise, and no difference that is not told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import peewee as pw
import pytest

from support.databases import ENGINES
from support.every_field import base_of, create, models_for
from support.seeds import SEEDS, Seed, before
from wheatear import Migrations
from wheatear.capture import Rules, Statement, watched
from wheatear.engines import engine_for
from wheatear.engines.waiting import Waiting


@pytest.fixture(scope="module", params=ENGINES)
def seeded(request: Any, tmp_path_factory: Any) -> Iterator[tuple[str, Any]]:
    """A database that `before` was created in; the tests read it."""
    tools = request.config.pluginmanager.get_plugin(str(Path(__file__).parents[1] / "conftest.py"))
    database = tools.create_database(request.param, tmp_path_factory.mktemp("seeded"))
    db = database.connect()
    db.create_tables(before().models(db))
    db.close()
    yield request.param, db
    tools.drop_database(database)


def _diff(db: Any, models: list[Any]) -> Any:
    return Migrations(db, models=models).diff()


def test_what_create_tables_made_of_every_field_is_what_the_models_say(database: Any) -> None:
    db = database.connect()
    models = models_for(database.engine, db)
    create(db, models)
    db.close()
    for _ in range(2):  # created, then from the cache
        found = _diff(db, models)
        assert [one.text for one in found.differences] == []
        assert [one.text for one in found.only_in_database] == []


def test_unchanged_models_are_no_difference(seeded: Any) -> None:
    _, db = seeded
    found = _diff(db, before().models(db))
    assert (found.differences, found.only_in_database) == ((), ())


@pytest.mark.parametrize(
    ("seeded", "seed"),
    [
        pytest.param(engine, seed, id=f"{engine}-{seed.name}")
        for engine in ENGINES
        for seed in SEEDS
        if engine in seed.engines
    ],
    indirect=["seeded"],
)
def test_a_difference_is_told(seeded: Any, seed: Seed) -> None:
    _, db = seeded
    tables = before()
    seed.change(tables)
    found = _diff(db, tables.models(db))
    texts = [one.text for one in found.differences]
    assert any(_says(text, seed) for text in texts), texts
    assert len(texts) == seed.lines, texts


def _says(text: str, seed: Seed) -> bool:
    return all(word.casefold() in text.casefold() for word in seed.says)


@pytest.mark.parametrize("engine", ENGINES)
def test_there_are_forty_kinds_of_difference(engine: str) -> None:
    assert sum(engine in seed.engines for seed in SEEDS) >= 40


def _many(db: Any, number: int) -> list[Any]:
    """A chain of tables of 15 columns, with keys and indexes."""
    base = base_of(db)
    models: list[Any] = []
    for n in range(number):
        fields: dict[str, Any] = {
            f"c{i}": pw.CharField(40) if i % 3 else pw.IntegerField(default=i) for i in range(11)
        }
        fields["name"] = pw.CharField(unique=True)
        fields["place"] = pw.IntegerField(index=True, constraints=[pw.Check("place > 0")])
        fields["parent"] = pw.ForeignKeyField(models[-1] if models else "self", null=True)
        models.append(type(f"Table{n}", (base,), fields))
    return models


def _queries(db: Any, models: list[Any]) -> int:
    """How many queries a comparison of unchanged models takes, counted as capture sees them."""
    engine = engine_for(db)
    seen: list[Statement] = []
    rules = Rules(engine.connection_attributes, transactional=False, after=seen.append)
    waiting = Waiting(5.0, lambda _: None)
    with engine.opened(waiting), watched(db, rules):
        engine.read_schema()
        engine.schema_of_models(models)
    return len(seen)


def test_the_number_of_queries_does_not_grow(database: Any) -> None:
    db = database.connect()
    counts = []
    for number in (2, 6):
        models = _many(db, number)
        db.create_tables(models)
        db.close()
        assert _diff(db, models).changes == ()
        counts.append(_queries(db, models))
    assert counts[0] == counts[1] <= 10


@pytest.mark.long
def test_five_hundred_tables(database_in_memory: Any) -> None:
    db = database_in_memory.connect()
    models = _many(db, 500)
    with db.atomic():
        db.create_tables(models)
    db.close()
    assert _diff(db, models).changes == ()
    start = time.perf_counter()
    assert _diff(db, models).changes == ()
    assert time.perf_counter() - start < 5
    assert _queries(db, models) <= 10
