"""Each column of real projects' schemas, with rows: every operation does what it says, alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import peewee
import pytest
from sqlite_checks import CHECKS, Case
from sqlite_oracle import quoted

CORPORA = Path(__file__).parents[3] / "shared" / "corpora" / "sqlite"
FILES = sorted(CORPORA.glob("*.sql")) if CORPORA.is_dir() else []
needs_corpora = pytest.mark.skipif(not FILES, reason=f"no schemas in {CORPORA}")

OWN = Path(__file__).parent / "nasty.sql"


def open_with_rows(path: Path, sql: Path) -> peewee.SqliteDatabase:
    db = peewee.SqliteDatabase(str(path), pragmas={"synchronous": 0})
    db.connect()
    db.connection().executescript(sql.read_text())
    tables = [
        name
        for (name,) in db.execute_sql(
            "SELECT name FROM sqlite_master WHERE type='table' AND rootpage>0 AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '%fts_%'"
        ).fetchall()
    ]
    for table in tables:
        fill(db, table, 1)
        db.execute_sql(f"ALTER TABLE {quoted(table)} ADD COLUMN added_later INTEGER DEFAULT 5")
        fill(db, table, 2)
    db.execute_sql("ANALYZE")
    return db


def fill(db: peewee.SqliteDatabase, table: str, number: int) -> None:
    columns = db.execute_sql(
        "SELECT name, upper(type), hidden FROM pragma_table_xinfo(?)", (table,)
    ).fetchall()
    real = [(name, type_) for name, type_, hidden in columns if not hidden]
    values = [value_for(name, type_, number) for name, type_ in real]
    names = ", ".join(quoted(name) for name, _ in real)
    db.execute_sql(
        f"INSERT INTO {quoted(table)} ({names}) VALUES ({', '.join('?' * len(real))})", values
    )


MEETING_CHECKS = {"Discount": 0.5, "special_features": "Trailers", "rating": "G"}


def value_for(name: str, type_: str, number: int) -> Any:
    if name in MEETING_CHECKS:
        return MEETING_CHECKS[name]
    if any(word in type_ for word in ("INT", "NUM", "DEC", "MONEY", "REAL", "BIT")):
        return number
    if "BLOB" in type_:
        return b"\x00\xff" * number
    if "DATE" in type_ or "DATE" in name.upper():
        return f"200{number}-01-0{number}"
    return f"00{number}"


def columns_of(file: Path) -> list[tuple[str, str]]:
    db = peewee.SqliteDatabase(":memory:")
    db.connect()
    db.connection().executescript(file.read_text())
    found = db.execute_sql(
        "SELECT m.name, x.name FROM sqlite_master m, pragma_table_xinfo(m.name) x "
        "WHERE m.type='table' AND m.rootpage>0 AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '%fts_%'"
    ).fetchall()
    db.close()
    return found


@needs_corpora
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_column_of_a_real_schema(file: Path, tmp_path: Path) -> None:
    check = CHECKS[FILES.index(file) % len(CHECKS)]
    every_column(check, file, tmp_path, step=29)


@pytest.mark.long
@needs_corpora
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__[6:])
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_column_of_a_real_schema(check: Any, file: Path, tmp_path: Path) -> None:
    every_column(check, file, tmp_path)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__[6:])
def test_each_column_of_nasty_tables(check: Any, tmp_path: Path) -> None:
    every_column(check, OWN, tmp_path)


def every_column(check: Any, file: Path, tmp_path: Path, step: int = 1) -> None:
    db = open_with_rows(tmp_path / "x.db", file)
    case = Case(db)
    columns = columns_of(file)
    for table, column in columns[CHECKS.index(check) % step :: step]:
        check(case, table, column)
    assert db.execute_sql("PRAGMA integrity_check").fetchall() == [("ok",)]
    db.close()
