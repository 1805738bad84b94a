"""The tokenizer and the edits: what an edit does not name stays letter for letter."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from wheatear.engines.sqlite import edits
from wheatear.engines.sqlite.definition import UnreadableDefinitionError
from wheatear.engines.sqlite.grammar import parse
from wheatear.engines.sqlite.tokens import fold, in_main, mentions, tokens_of


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ('"a""b" [c]]', ['a"b', "c", "]"]),
        ("`x``y` 'it''s'", ["x`y", "it's"]),
        ("a$1 é n\u00a0b \ufeffx", ["a$1", "é", "n\u00a0b", "x"]),
        ("a--b, (\nc/* ' */d", ["a", "c", "d"]),
        ("x'00' 0x1F 1.5e-3 .5", ["x'00'", "0x1F", "1.5e-3", ".5"]),
        ("a/* not closed", ["a"]),
    ],
)
def test_tokens(sql: str, names: list[str]) -> None:
    assert [token.name for token in tokens_of(sql)] == names


def test_only_ascii_letters_lose_their_case() -> None:
    assert fold("ÀbC") == "Àbc"


def both(columns: str) -> list[tuple[str, str]]:
    """Our reading of the columns, which has to be SQLite's."""
    sql = f"CREATE TABLE t({columns})"
    db = sqlite3.connect(":memory:")
    db.execute(sql)
    theirs = db.execute("SELECT name, type FROM pragma_table_xinfo('t')").fetchall()
    db.close()
    found = [(column.name, column.type) for column in parse(sql).columns]
    assert [(name, type_.lower().strip("'[]")) for name, type_ in found] == [
        (name, type_.lower().strip("'[]")) for name, type_ in theirs
    ]
    return found


@pytest.mark.parametrize(
    "columns",
    [
        "a INT DEFAULT(5)NOT NULL, b",
        "a generated, generated always, always INT",
        "a, b INT GENERATED ALWAYS AS (a) STORED, c foo AS(1)",
        "a int(- 5), b DECIMAL(10, +2), c 'my type', d [odd], e unsigned big int",
        "a CONSTRAINT x CONSTRAINT y NOT NULL CONSTRAINT z, b",
        "a DEFAULT 1 DEFAULT - 2 NOT NULL NOT NULL, b NULL",
        "a REFERENCES p ON DELETE SET NULL ON UPDATE NO ACTION MATCH FULL NOT DEFERRABLE NOT NULL",
        "a, b, UNIQUE(a) CHECK(a)FOREIGN KEY(b)REFERENCES p(x)DEFERRABLE INITIALLY DEFERRED, CONSTRAINT q",
        "'a', \"b\" INT, `c`, [d e] CHECK ('),(' <> \"b\")",
        "a COLLATE nocase UNIQUE ON CONFLICT IGNORE PRIMARY KEY DESC",
        "key, if, no, row, action, text text, abort INT",
    ],
)
def test_columns_are_read_as_sqlite_reads_them(columns: str) -> None:
    assert both(columns)


def edited(columns: str, edit: str, name: str = "a", *words: str) -> str:
    definition = parse(f"CREATE TABLE t({columns})")
    column = definition.column(name)
    assert column
    new = getattr(edits, edit)(definition, column, *words).sql
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute(new)
    return new.removeprefix("CREATE TABLE t(").removesuffix(")")


def test_not_null_is_added_behind_the_type() -> None:
    assert edited("a INT -- c\n, b", "add_not_null") == "a INT NOT NULL -- c\n, b"
    assert edited("[a]DEFAULT 5", "add_not_null") == "[a] NOT NULL DEFAULT 5"
    assert edited("a NULL DEFAULT 5", "add_not_null") == "a NOT NULL DEFAULT 5"
    assert edited("a INT CONSTRAINT lone", "add_not_null") == "a INT NOT NULL CONSTRAINT lone"


def test_a_default_takes_the_place_of_all_there_are() -> None:
    assert edited("a DEFAULT(5)NOT NULL", "set_default", "a", "'x'") == "a DEFAULT 'x' NOT NULL"
    assert (
        edited("a DEFAULT 1 /* one */ DEFAULT 2", "set_default", "a", "3")
        == "a DEFAULT 3 /* one */"
    )
    assert edited("a int NOT NULL, b", "set_default", "a", "3") == "a int NOT NULL DEFAULT 3, b"


def test_a_type_is_replaced_or_added() -> None:
    assert edited("a DECIMAL( 5,2 )NOT NULL", "set_type", "a", "TEXT") == "a TEXT NOT NULL"
    assert edited("[a]CHECK(1)", "set_type", "a", "TEXT") == "[a] TEXT CHECK(1)"


def test_a_column_goes_with_one_comma_and_without_comments() -> None:
    assert edited("a, -- one\n b INT, -- two\n c", "drop_column", "b") == "a, -- one\n -- two\n c"
    assert edited("a -- one\n, b -- two\n", "drop_column", "b") == "a -- one\n -- two\n"
    assert edited("b, a, CHECK(b)", "drop_column", "a") == "b, CHECK(b)"


def test_a_clause_goes_and_the_rest_keeps_apart() -> None:
    definition = parse("CREATE TABLE t(a INT DEFAULT(5)NOT NULL, b --x\n NOT NULL)")
    default = definition.columns[0].all("default")
    assert edits.drop_clauses(definition, *default).sql == (
        "CREATE TABLE t(a INT NOT NULL, b --x\n NOT NULL)"
    )
    words = definition.columns[1].all("not null")
    assert edits.drop_clauses(definition, *words).sql.endswith("b --x\n)")


def test_a_table_constraint_leaves_its_comma_to_the_next_that_has_none() -> None:
    definition = parse("CREATE TABLE t(a, UNIQUE(a) CHECK(a), CONSTRAINT c CHECK(1))")
    first, second, third = definition.constraints
    without = [edits.drop_constraint(definition, one).sql for one in (first, second, third)]
    assert without == [
        "CREATE TABLE t(a, CHECK(a), CONSTRAINT c CHECK(1))",
        "CREATE TABLE t(a, UNIQUE(a), CONSTRAINT c CHECK(1))",
        "CREATE TABLE t(a, UNIQUE(a) CHECK(a))",
    ]


def test_a_column_is_named_by_an_expression_but_a_string_or_function_is_not_it() -> None:
    assert mentions("[a b] > 0", "A B")
    assert not mentions("x IN ('text') AND text(x) AND CAST(x AS text)", "text")


def test_a_schema_is_written_before_the_name() -> None:
    assert in_main('CREATE UNIQUE INDEX "i" ON t(a)') == 'CREATE UNIQUE INDEX main."i" ON t(a)'


@pytest.mark.parametrize(
    "sql", ["", "CREATE TABLE t", "CREATE TABLE t(a CHECK(", "CREATE VIEW v AS SELECT 1"]
)
def test_what_is_no_create_table_is_refused(sql: str) -> None:
    with pytest.raises(UnreadableDefinitionError):
        parse(sql)
