"""Random tables and operations: together they lead to what one by one they lead to, text for text."""

from __future__ import annotations

import warnings
from typing import Any

import peewee
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from mariadb_live import Live

from wheatear.engines.mysql.literals import literal
from wheatear.engines.mysql.tokens import quoted
from wheatear.errors import OperationError

NAMES = ("a", "b c", "d`e", "f'g", 'h"i', "100%", "key", "NOT NULL", "default", "ö", "j,k)", "x\\y")
TEXTS = st.text(alphabet="ab'\"`\\%,() NOT\n;-#ü", max_size=12)


@st.composite
def columns(draw: Any) -> str:
    kind = draw(
        st.sampled_from(
            [
                "int",
                "varchar(40)",
                "text",
                "datetime",
                "varchar(30) CHARACTER SET latin1 COLLATE latin1_bin",
            ]
        )
    )
    parts = [kind]
    if draw(st.booleans()):
        parts.append("NOT NULL")
    if draw(st.booleans()):
        value = (
            7
            if kind == "int"
            else "2026-01-02 03:04:05"
            if kind == "datetime"
            else draw(TEXTS.map(lambda t: t.replace("ü", "u")))
        )
        text = literal(value)
        parts.append(f"DEFAULT {text if kind != 'text' else f'({text})'}")
    if draw(st.booleans()):
        parts.append(f"COMMENT {literal(draw(TEXTS))}")
    return " ".join(parts)


@st.composite
def tables(draw: Any) -> dict[str, str]:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=5, unique=True))
    return {name: draw(columns()) for name in names}


OPERATIONS = st.tuples(
    st.sampled_from(["add_not_null", "drop_not_null", "default", "no default", "type", "rename", "drop", "add", "index", "check"]),
    st.integers(0, 4),
    st.integers(0, 11),
)  # fmt: skip


def made(m: Any, table: str, column: str, kind: str, other: str) -> Any:
    return {
        "add_not_null": lambda: m.add_not_null(table, column),
        "drop_not_null": lambda: m.drop_not_null(table, column),
        "default": lambda: m.add_column_default(table, column, "2027-01-01"),
        "no default": lambda: m.drop_column_default(table, column),
        "type": lambda: m.alter_column_type(
            table, column, peewee.CharField(max_length=80, null=True)
        ),
        "rename": lambda: m.rename_column(table, column, other),
        "drop": lambda: m.drop_column(table, column),
        "add": lambda: m.add_column(table, other, peewee.CharField(default="it's 100%")),
        "index": lambda: m.add_index(table, (column,), name=f"i {other}"),
        "check": lambda: m.add_constraint(
            table,
            f"{table} c {other}",
            peewee.SQL(f"CHECK ({quoted(column)} <> 'x')".replace("%", "%%")),
        ),
    }[kind]()


@pytest.mark.long
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(tables(), st.lists(OPERATIONS, min_size=2, max_size=5))
def test_together_as_one_by_one(live: Live, table: dict[str, str], operations: list[Any]) -> None:
    listed = ", ".join(f"{quoted(name)} {sql}" for name, sql in table.items())
    live.run("DROP TABLE IF EXISTS one, many")
    for name in ("one", "many"):
        live.run(f"CREATE TABLE {name} (id int PRIMARY KEY, {listed})")
    names = list(table)

    def each(where: str) -> list[Any]:
        return [
            made(live.migrator, where, names[at % len(names)], kind, NAMES[other])
            for kind, at, other in operations
        ]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for operation in each("one"):
                live.migrator.migrate(operation)
        except OperationError as error:
            if "changed more than it names" in error.what:
                raise
            assume(False)
        live.migrator.migrate(*each("many"))
    of_one = [line.replace("`one c", "`many c") for line in live.lines("one")]
    assert live.lines("many")[1:] == of_one[1:]
