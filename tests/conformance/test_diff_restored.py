"""A dump that was restored is what it was: PostgreSQL prints its expressions in other words."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import peewee as pw
import pytest

from support.every_field import base_of, create, models_for
from wheatear import Migrations

pytestmark = pytest.mark.skipif(not shutil.which("pg_dump"), reason="there is no pg_dump")


def _restored(one: Any, other: Any) -> None:
    dump = subprocess.run(["pg_dump", one.url], check=True, capture_output=True, text=True).stdout
    subprocess.run(["psql", "-q", "-o", "/dev/null", other.url], input=dump, check=True, text=True)


def _models(db: Any) -> list[Any]:
    class Kinds(base_of(db)):
        kind = pw.CharField(10, constraints=[pw.Check("kind IN ('a', 'b%%')")])
        size = pw.CharField(10)

    Kinds.add_index(Kinds.size, where=(Kinds.kind << ["a", "b"]), name="some_sizes")
    Kinds.add_index(pw.fn.upper(Kinds.size), name="upper_sizes")
    return [Kinds]


def test_a_restored_dump_is_no_difference(new_database: Callable[..., Any]) -> None:
    one, other = new_database("postgresql"), new_database("postgresql")
    db = one.connect()
    models = [*models_for("postgresql", db), *_models(db)]
    create(db, models)
    db.close()
    _restored(one, other)
    found = Migrations(other.connect(), models=models_for("postgresql", other.connect())).diff()
    assert [one.text for one in found.differences] == []
    restored = other.connect()
    both = [*models_for("postgresql", restored), *_models(restored)]
    found = Migrations(restored, models=both).diff()
    assert [one.text for one in (*found.differences, *found.only_in_database)] == []


def test_a_check_that_differs_is_still_told(new_database: Callable[..., Any]) -> None:
    one, other = new_database("postgresql"), new_database("postgresql")
    db = one.connect()
    db.create_tables(_models(db))
    db.close()
    _restored(one, other)
    restored = other.connect()
    (model,) = _models(restored)
    model._meta.fields["kind"].constraints = [pw.Check("kind IN ('a', 'c%%')")]
    texts = [one.text for one in Migrations(restored, models=[model]).diff().differences]
    assert len(texts) == 2
    assert all("table kinds: check" in text for text in texts)
