"""Models that `playhouse.reflection` writes of schemas that others wrote: a diff without noise.

What it still tells is what reflection loses: each kind has its reason here, and is counted, so that
no noise of ours hides behind it.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import peewee
import pytest
from playhouse.reflection import generate_models

from support.corpora import ALL, load
from support.written import opened
from wheatear.comparison import policy_for
from wheatear.engines import engine_for
from wheatear.schema.diff import compare
from wheatear.schema.words import MODELS, Difference, in_words

LOST: dict[str, Callable[[Difference], bool]] = {
    "CHECKs are not reflected": lambda it: it.kind == "check" and it.after is None,
    "AUTOINCREMENT is not reflected": lambda it: (
        it.kind == "primary key" and "AUTOINCREMENT" in (it.before or "")
    ),
    "AUTOINCREMENT is not reflected, so the key is another": lambda it: (
        it.kind == "primary key" and it.before is None
    ),
    "a CHAR is reflected as a VARCHAR": lambda it: (
        it.kind == "type" and (it.before or "").casefold().startswith("char")
    ),
    "a number is reflected with Peewee's own digits": lambda it: (
        it.kind == "type" and "(10" in (it.after or "")
    ),
    "a foreign key's column is reflected with the other one's type": lambda it: it.text.startswith(
        "column custom_foreign_key_label.foreign_key_with_custom_label: type"
    ),
    "a foreign key's actions are not reflected on PostgreSQL": lambda it: (
        it.kind == "foreign key" and "ON UPDATE CASCADE ON DELETE RESTRICT" in it.text
    ),
    "a foreign key's actions are not reflected on PostgreSQL, so it is another": lambda it: (
        it.kind == "foreign key" and it.before is None and it.table in PAGILA
    ),
    "timestamps are reflected without their time zone": lambda it: (
        it.kind == "type" and it.before == "timestamp with time zone"
    ),
    "an index of another kind is not reflected": lambda it: (
        it.kind == "index" and "USING gist" in (it.before or "")
    ),
    "of two equal indexes one is reflected": lambda it: (
        it.kind == "index" and it.after is None and (it.table or "").startswith("payment_p2022")
    ),
    "a foreign key of two columns is reflected as two": lambda it: (
        it.kind == "foreign key" and it.table == "foreign_key_references"
    ),
    "one foreign key of a cycle is put off, for the application to add": lambda it: (
        it.text.startswith("table staff: foreign key (store_id)")
    ),
    "a foreign key is reflected with an index of its own": lambda it: (
        it.kind == "index" and it.before is None
    ),
}
PAGILA = {
    *("address", "city", "customer", "film", "film_actor", "film_category", "inventory"),
    *("rental", "staff", "store"),
}
EXPECTED: dict[tuple[str, str], dict[str, int]] = {
    ("sqlite", "datasette_fixtures"): {
        "a foreign key is reflected with an index of its own": 2,
        "a foreign key of two columns is reflected as two": 3,
        "a foreign key's column is reflected with the other one's type": 1,
    },
    ("sqlite", "northwind"): {
        "AUTOINCREMENT is not reflected": 6,
        "AUTOINCREMENT is not reflected, so the key is another": 6,
        "CHECKs are not reflected": 7,
        "a foreign key is reflected with an index of its own": 6,
        "a number is reflected with Peewee's own digits": 3,
    },
    ("sqlite", "sakila"): {
        "CHECKs are not reflected": 2,
        "a CHAR is reflected as a VARCHAR": 2,
        "one foreign key of a cycle is put off, for the application to add": 1,
    },
    ("postgresql", "pagila"): {
        "a foreign key is reflected with an index of its own": 4,
        "a foreign key's actions are not reflected on PostgreSQL": 17,
        "a foreign key's actions are not reflected on PostgreSQL, so it is another": 17,
        "an index of another kind is not reflected": 1,
        "of two equal indexes one is reflected": 6,
        "timestamps are reflected without their time zone": 72,
    },
}


@pytest.mark.long
@pytest.mark.parametrize(("engine", "name"), [one for one in ALL if one[0] != "mariadb"])
def test_what_a_diff_of_reflected_models_tells(
    engine: str, name: str, new_database: Callable[[str], Any]
) -> None:
    database = new_database(engine)
    load(database, name)
    with opened(engine_for(database.connect())) as found:
        here = found.read_schema()
        models = _reflected(found.db, here)
        there = found.schema_of_models(models)
        here, there = found.settled(here, there)
        policy = policy_for(found, models, ())
    told = in_words(compare(here, there, policy=policy).changes, MODELS)
    reasons = Counter(_reason(one) for one in told)
    assert dict(reasons) == EXPECTED.get((engine, name), {}), "\n".join(one.text for one in told)


def _reason(difference: Difference) -> str:
    found = [reason for reason, holds in LOST.items() if holds(difference)]
    return found[0] if found else f"no reason: {difference.text}"


def _reflected(db: Any, schema: Any) -> list[Any]:
    """The models. Where reflection knows no field it takes one without a type: on PostgreSQL that
    cannot be created, so the type is said, as who uses the models would have to."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        models = list(generate_models(db).values())
    for model in models:
        table = schema.table(model._meta.table_name)
        for field in model._meta.sorted_fields if table else ():
            if isinstance(field, peewee.BareField) and isinstance(db, peewee.PostgresqlDatabase):
                column = table.column(field.column_name)
                field.ddl_datatype = lambda _, type_=column.type: peewee.SQL(type_)
    return models
