"""Migrations that ask for forgiveness: what an operation raises is Peewee's error too."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import peewee
import pytest
from playhouse.migrate import CharField, IntegerField, migrate

from support import dying, reading
from support.projects import Project
from wheatear import connect, migrator_for
from wheatear.errors import OperationError

NAME = "20260101_000000_m"
TABLE = """
class A(Model):
    name = CharField(max_length=20, null=True)
    level = IntegerField(default=1)
    class Meta:
        database = db
        table_name = 'a'
db.create_tables([A])
A.insert_many([{'name': None}, {'name': 'x'}, {'name': 'x'}]).execute()
"""
MISSING = {
    "add_column": ("a", "level", IntegerField(default=0)),
    "drop_column": ("a", "gone"),
    "rename_column": ("a", "gone", "other"),
    "rename_table": ("gone", "other"),
    "drop_table": ("gone",),
    "drop_index": ("a", "gone"),
    "drop_constraint": ("a", "gone"),
    "add_not_null": ("a", "gone"),
    "drop_not_null": ("gone", "name"),
    "alter_column_type": ("a", "gone", IntegerField()),
    "add_column_default": ("a", "gone", "0"),
}
UNFIT = {"add_index": ("a", ("name",), True), "add_not_null": ("a", "name")}
TOLD = "sql('CREATE TABLE told (word VARCHAR(20))')"
GUARDED = """
for guarded in (
    migrator.add_column('a', 'level', IntegerField(default=0)),
    migrator.drop_column('a', 'gone'),
    migrator.rename_column('a', 'gone', 'other'),
    migrator.add_column('gone', 'level', IntegerField(default=0)),
    migrator.drop_index('a', 'gone'),
):
    try:
        migrate(guarded)
    except {error}:
        sql("INSERT INTO told (word) VALUES ('there')")
try:
    migrate(migrator.add_index('a', ('name',), True))
except IntegrityError:
    sql("INSERT INTO told (word) VALUES ('twice')")
try:
    migrate(migrator.add_not_null('a', 'name'))
except IntegrityError:
    sql("INSERT INTO told (word) VALUES ('null')")
migrate(migrator.add_column('a', 'new', IntegerField(default=7)))
"""


def _table(database: Any) -> Any:
    db = connect(database.url)
    scope = {"db": db, "Model": peewee.Model, "CharField": CharField, "IntegerField": IntegerField}
    exec(TABLE, scope)
    return db


def test_what_is_missing_or_there_is_peewees_error(database: Any) -> None:
    with closing(_table(database)) as db:
        for name, arguments in MISSING.items():
            operation = getattr(migrator_for(db), name)(*arguments)
            with pytest.raises(OperationError) as told:
                operation.run()
            assert isinstance(told.value, peewee.OperationalError), name
            assert isinstance(told.value, peewee.ProgrammingError), name
            assert not isinstance(told.value, peewee.IntegrityError), name
            assert str(told.value).startswith(f"{name}("), name


def test_rows_that_do_not_fit_are_peewees_error(database: Any) -> None:
    with closing(_table(database)) as db:
        for name, arguments in UNFIT.items():
            with pytest.raises(OperationError) as told:
                getattr(migrator_for(db), name)(*arguments).run()
            assert isinstance(told.value, peewee.IntegrityError), name
            assert not isinstance(told.value, peewee.OperationalError), name


def test_what_the_database_would_have_done_is_no_error_of_peewees(database: Any) -> None:
    with closing(_table(database)) as db, pytest.raises(OperationError) as told:
        migrate(migrator_for(db).add_column("a", "must", IntegerField()))
    assert not isinstance(told.value, peewee.PeeweeException)


def test_of_several_together_only_the_first_is_guarded(database: Any) -> None:
    """The others are not made where a later one is refused, and a guard must not hide that."""
    with closing(_table(database)) as db:
        migrator = migrator_for(db)
        new = migrator.add_column("a", "new", IntegerField(null=True))
        there = migrator.add_column("a", "level", IntegerField(null=True))
        with pytest.raises(peewee.OperationalError):
            migrator.migrate(there, new)
        with pytest.raises(OperationError) as told:
            migrator.migrate(new, there)
        assert not isinstance(told.value, peewee.PeeweeException)
        assert [column.name for column in db.get_columns("a")] == ["id", "name", "level"]


@pytest.mark.parametrize(
    ("error", "atomic"), [("OperationalError", True), ("ProgrammingError", False)]
)
def test_a_guarded_migration_is_applied(
    project: Project,
    error: str,
    atomic: bool,
) -> None:
    _write(project, GUARDED.format(error=error), atomic=atomic)
    ended = project.run("migrate")
    assert ended.told == (0, f"  applied {NAME}  N s\n", ""), ended
    _check(project)


@pytest.mark.parametrize(
    "point", [3, *(pytest.param(point, marks=pytest.mark.long) for point in (1, 2, 4, 5, 6, 7, 8))]
)
def test_a_guarded_migration_is_taken_up(project: Project, point: int) -> None:
    """Killed behind what was refused, it is refused again in the same way."""
    body = f"{TABLE}\n{TOLD}\n{GUARDED.format(error='OperationalError')}"
    body = body.replace('sql("INSERT', 'after("INSERT')
    head = f"""
    told = []
    def after(text):
        sql(text)
        told.append(text)
        if len(told) == {point}:
            die()
    """
    dying.applied(project, body + ("die()\n" if point == 8 else ""), head)
    _check(project)


def _write(project: Project, body: str, *, atomic: bool) -> None:
    text = f"{TABLE}sql = db.execute_sql\n{TOLD}\n{body}"
    file = project.migration(NAME, text, "pass")
    if not atomic:
        file.write_text(
            file.read_text().replace("def migrate_f", "atomic = False\n\n\ndef migrate_f")
        )


def _check(project: Project) -> None:
    assert reading.rows(project.url, "a") == [
        (1, None, 1, 7),
        (2, "x", 1, 7),
        (3, "x", 1, 7),
    ]
    words = [word for (word,) in reading.rows(project.url, "told")]
    assert sorted(words) == ["null", *["there"] * 5, "twice"]
