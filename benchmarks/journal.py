"""The journal's cost: small DDL migrations on MariaDB, at most 1.5 times the bare driver.

The bare driver does what any runner has to do: the same statement, and one row in a history table,
committed; nothing else, no lock, no look at what is there. Ours is `Migrations.migrate()`, from
planning to the last record: once with the journal alone, once with what else a run keeps (what each
migration touched, for the way back, and the schema that the run leaves behind). One connection
each, one server, alternating rounds; the tables are dropped between them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.projects import wheatear_project
from benchmarks.runs import seconds_of_run
from benchmarks.servers import database, engines, opened
from benchmarks.timing import compare, seconds_of, show

COUNT = 100
ROUNDS = 7
_TABLE = "CREATE TABLE t{number} (id INTEGER PRIMARY KEY, name VARCHAR(20))"
_COLUMN = "ALTER TABLE player ADD COLUMN c{number} INTEGER"
_HISTORY = (
    "CREATE TABLE bare_history (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(255), "
    "checksum VARCHAR(64), applied_at VARCHAR(32)) ENGINE=InnoDB"
)
_RECORD = "INSERT INTO bare_history (name, checksum, applied_at) VALUES (%s, %s, %s)"


def bare(url: str, statements: list[str]) -> float:
    """The driver alone."""
    db = opened(url)
    cursor = db.connection().cursor()
    cursor.execute("DROP TABLE IF EXISTS bare_history")
    cursor.execute(_HISTORY)

    def run() -> None:
        for number, statement in enumerate(statements):
            cursor.execute(statement)
            values = (f"20260101_{number:06d}_create_t{number}", "0" * 64, "2026-01-01T00:00:00Z")
            cursor.execute(_RECORD, values)

    seconds = seconds_of(run)
    db.close()
    return seconds


def fresh(url: str) -> None:
    """An empty database with one table."""
    db = opened(url)
    db.execute_sql("SET foreign_key_checks = 0")
    for table in db.get_tables():
        db.execute_sql(f"DROP TABLE {table}")
    db.execute_sql("CREATE TABLE player (id INTEGER PRIMARY KEY, name VARCHAR(20))")
    db.close()


def main() -> None:
    """Compare."""
    if "mariadb" not in engines():
        print("\njournal: no MariaDB server is named")
        return
    with tempfile.TemporaryDirectory() as name, database("mariadb", Path(name)) as url:
        for title, template in (("create a table", _TABLE), ("add a column", _COLUMN)):
            statements = [template.format(number=number) for number in range(COUNT + 1)]
            folder = wheatear_project(Path(name) / title.replace(" ", "_"), COUNT + 1, url)
            _write(folder, statements)

            def once(action: Callable[[], float]) -> Callable[[], float]:
                def contest() -> float:
                    fresh(url)
                    return action()

                return contest

            contestants: dict[str, Callable[[], float]] = {
                "PyMySQL, and one history row each": once(lambda: bare(url, statements[1:])),  # noqa: B023 - called here
                "wheatear, the journal alone": once(
                    lambda: seconds_of_run(url, folder, bare=True)  # noqa: B023 - called here
                ),
                "wheatear": once(lambda: seconds_of_run(url, folder)),  # noqa: B023 - called here
            }
            rows = compare(contestants, ROUNDS)
            show(f"{COUNT} migrations that {title}, MariaDB", rows, "1.5 x the driver")


def _write(folder: Path, statements: list[str]) -> None:
    for number, statement in enumerate(statements):
        path: Any = folder / "migrations" / f"20260101_{number:06d}_create_t{number}.py"
        text = path.read_text(encoding="utf-8")
        before = _TABLE.format(number=number)
        path.write_text(text.replace(before, statement), encoding="utf-8")


if __name__ == "__main__":
    main()
