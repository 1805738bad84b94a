"""SQLite's migrator: playhouse's methods, each change the cheapest sound way, and checked."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import peewee
import playhouse.migrate

from wheatear.engines.lazily import Lazily
from wheatear.engines.operations import OperationsInARow, TableOperation, table_operation
from wheatear.engines.refused import sense_of
from wheatear.errors import OperationError, Sense

if TYPE_CHECKING:
    from wheatear.engines.sqlite import apply as work_on
    from wheatear.engines.sqlite import changes, draft, fields, rebuild
else:
    work_on, changes, draft, fields, rebuild = (
        Lazily(f"wheatear.engines.sqlite.{name}")
        for name in ("apply", "changes", "draft", "fields", "rebuild")
    )


class OperationWarning(UserWarning):
    """Something about an operation that the user should know, although it was done."""


class SqliteMigrator(OperationsInARow, playhouse.migrate.SqliteMigrator):  # type: ignore[misc]
    """playhouse's migrator for SQLite, which changes what an operation names and nothing else.

    What a change costs depends on whether the stored rows have to change:

    - *catalogue*: a fixed cost, whatever the table's size: ADD COLUMN, RENAME, DROP INDEX, and the
      edit of the stored CREATE statement that https://sqlite.org/lang_altertable.html section 7
      documents.
    - *scan*: the rows are read once, none is written.
    - *copy*: the table is made anew, by the twelve steps of the same section. Changes in a row on
      one table share one copy.

    Afterwards what SQLite reports is compared with what it reported before: if anything but the
    named change differs, it is rolled back. Where the connection does not let the stored statement
    be edited (a defensive connection, Apple's SQLite) an edit becomes a copy.
    """

    def apply(self, table: str, operations: Sequence[TableOperation]) -> None:
        """Make these changes of one table in one transaction, with foreign keys off.

        Raises:
            OperationError: A change was refused or undone; nothing is changed.
        """
        work = work_on.Work(self.database, table, operations)
        try:
            work_on.apply(work)
        except draft.RefusedError as error:
            raise self._error(work, error.why, error.next_step, error.sense) from error
        except peewee.DatabaseError as error:
            said = str(error).replace(f"{work.table}{rebuild.COPY}", work.table)
            sense = sense_of(error)
            raise self._error(work, f"SQLite says: {said}", work_on.hint(work), sense) from error
        for operation, note in work.notes:
            _warn(operation, note)

    def _error(
        self, work: work_on.Work, why: str, next_step: str | None, sense: Sense | None
    ) -> OperationError:
        calls = " and ".join(str(operation) for operation in work.current)
        places = dict.fromkeys(operation.where for operation in work.current if operation.where)
        error = OperationError(
            f"{calls}: {why}",
            where="\n".join(places) or None,
            state=f"table {work.table} is as it was before the operation",
            next=next_step,
        )
        error.sense = sense
        error.operation = work.current[0] if len(work.current) == 1 else None
        return error

    @table_operation
    def add_column(
        self, table: str, column_name: str, field: Any, allow_not_null: bool = False
    ) -> list[Any]:
        """Add a column; a constant default stays in the database.

        Cost: catalogue, whatever the table's size (lang_altertable.html, section 4, ALTER TABLE
        ADD COLUMN). A callable default is called once for each row, and each row is written.
        A copy for UNIQUE, STORED and a default that is not constant. An index is built.
        """
        _ = table
        column = fields.column_of(self, column_name, field, allow_not_null=allow_not_null)
        if not (field.index or field.unique):
            return [column]
        using = getattr(field, "index_type", None)
        return [column, self._index(table, (column_name,), unique=field.unique, using=using)]

    @table_operation
    def alter_add_column(
        self, table: str, column_name: str, field: Any, allow_not_null: bool = False
    ) -> list[Any]:
        """Add a column as NULL, unless `allow_not_null`, without its default.

        Cost: catalogue (lang_altertable.html, section 4).
        """
        _ = table
        field = field.clone()
        field.null, field.default = field.null or not allow_not_null, None
        return [fields.column_of(self, column_name, field, allow_not_null=True)]

    @table_operation
    def drop_column(
        self, table: str, column_name: str, cascade: bool = False, legacy: bool = False
    ) -> list[Any]:
        """Drop a column, and what is its own: its index, UNIQUE, foreign key and CHECK.

        Other indexes, constraints, generated columns, views, triggers and foreign keys that use it
        are named in an error, unless `cascade` says that they go too.

        Cost: every row is written (lang_altertable.html, section 5), by a copy.
        """
        _ = table, legacy
        return [changes.DropColumn(column_name, cascade)]

    @table_operation
    def rename_column(
        self, table: str, old_name: str, new_name: str, legacy: bool = False
    ) -> list[Any]:
        """Rename a column, in indexes, constraints, triggers and views too.

        Cost: catalogue (lang_altertable.html, section 3).
        """
        _ = table, legacy
        return [changes.RenameColumn(old_name, new_name)]

    @table_operation
    def add_not_null(self, table: str, column: str, legacy: bool = False) -> list[Any]:
        """Say NOT NULL, if no row has NULL there.

        Cost: scan (lang_altertable.html, section 7: the stored statement is edited).
        """
        _ = table, legacy
        return [changes.AddNotNull(column)]

    @table_operation
    def drop_not_null(self, table: str, column: str, legacy: bool = False) -> list[Any]:
        """Allow NULL.

        Cost: catalogue (lang_altertable.html, section 7).
        """
        _ = table, legacy
        return [changes.DropNotNull(column)]

    @table_operation
    def add_column_default(self, table: str, column: str, default: Any) -> list[Any]:
        """Set the default of new rows; stored rows stay as they are.

        A string that ends in `)` or `'` is taken as SQL, any other as text.

        Cost: scan, for rows that were stored before the column was added and rely on its old
        default; if there are any, and in a WITHOUT ROWID table, a copy (lang_altertable.html,
        sections 4 and 7).
        """
        _ = table
        return [changes.SetDefault(column, fields.default_of(self, default))]

    @table_operation
    def drop_column_default(self, table: str, column: str) -> list[Any]:
        """Drop the default of new rows; stored rows stay as they are.

        Cost: as `add_column_default`.
        """
        _ = table
        return [changes.DropDefault(column)]

    @table_operation
    def alter_column_type(self, table: str, column: str, field: Any, cast: Any = None) -> list[Any]:
        """Change the type and nothing else; `cast` is SQL for the new value of each row.

        Cost: catalogue within one affinity (datatype3.html, section 3.1; lang_altertable.html,
        section 7), else a copy, in which SQLite converts values as an INSERT would.
        """
        _ = table
        default = field.default
        fields.prepare_field(self, field)
        known = default is not None and not callable(default)
        return [
            changes.AlterType(
                column,
                fields.sql_of(self, field.ddl_datatype(self.make_context())),
                None if cast is None else fields.sql_of(self, cast),
                field.null,
                fields.literal_of(self, field.db_value(default)) if known else None,
            )
        ]

    @table_operation
    def add_constraint(self, table: str, name: str | None, constraint: Any) -> list[Any]:
        """Add a CHECK, FOREIGN KEY or UNIQUE; None gives it no name.

        Cost: scan for CHECK and FOREIGN KEY (lang_altertable.html, section 7); a copy for UNIQUE,
        whose index has to be SQLite's own (`add_index` with `unique=True` needs none).
        """
        _ = table
        return [changes.AddConstraint(name, fields.sql_of(self, constraint))]

    @table_operation
    def drop_constraint(self, table: str, name: Any) -> list[Any]:
        """Drop the constraint of this name, or the one that a node says, such as a `Check(…)`.

        Cost: catalogue (lang_altertable.html, section 7); a copy for UNIQUE.
        """
        _ = table
        if isinstance(name, peewee.Node):
            return [changes.DropConstraint(None, fields.sql_of(self, name))]
        return [changes.DropConstraint(name)]

    @table_operation
    def add_unique(self, table: str, *column_names: str) -> list[Any]:
        """Add a UNIQUE of these columns.

        Cost: a copy (lang_altertable.html, section 7); `add_index` with `unique=True` needs none.
        """
        _ = table
        names = ", ".join(str(fields.sql_of(self, peewee.Entity(name))) for name in column_names)
        return [changes.AddConstraint("uniq_" + "_".join(column_names), f"UNIQUE ({names})")]

    @table_operation
    def add_foreign_key_constraint(  # noqa: PLR0917 - playhouse's signature
        self,
        table: str,
        column_name: str,
        rel: str,
        rel_column: str,
        on_delete: str | None = None,
        on_update: str | None = None,
        constraint_name: str | None = None,
        rel_schema: str | None = None,
    ) -> list[Any]:
        """Add a foreign key, if every row meets it.

        Cost: scan (lang_altertable.html, section 7, and pragma.html#pragma_foreign_key_check).
        """
        if rel_schema not in {None, "main"}:
            raise draft.RefusedError(
                "a foreign key of SQLite stays within its database: no rel_schema"
            )
        name = constraint_name or f"fk_{table}_{column_name}_refs_{rel}"
        return [changes.AddForeignKey(column_name, rel, rel_column, on_delete, on_update, name)]

    @table_operation
    def drop_foreign_key_constraint(self, table: str, column_name: str) -> list[Any]:
        """Drop the foreign key of a column.

        Cost: catalogue (lang_altertable.html, section 7).
        """
        _ = table
        return [changes.DropForeignKey(column_name)]

    @table_operation
    def add_index(  # noqa: PLR0917 - playhouse's signature
        self,
        table: str,
        columns: Sequence[str],
        unique: bool = False,
        using: str | None = None,
        where: Any = None,
        nulls_distinct: bool | None = None,
        name: str | None = None,
        concurrently: bool = False,
    ) -> list[Any]:
        """Make an index. `concurrently` is PostgreSQL's: here one connection writes at a time.

        Cost: the rows are read and sorted once (lang_createindex.html).
        """
        del concurrently
        return [
            self._index(
                table,
                columns,
                unique=unique,
                using=using,
                where=where,
                nulls_distinct=nulls_distinct,
                name=name,
            )
        ]

    def _index(self, table: str, columns: Sequence[str], **options: Any) -> changes.AddIndex:
        name = options.get("name") or playhouse.migrate.make_index_name(table, columns)
        unique = bool(options.get("unique"))
        if options.get("using") or options.get("nulls_distinct") is not None:
            raise draft.RefusedError("SQLite's indexes have no USING and no NULLS DISTINCT")
        sql = fields.index_sql(
            self, name, table, columns, unique=unique, where=options.get("where")
        )
        return changes.AddIndex(name, tuple(columns), unique, sql)

    @table_operation
    def drop_index(self, table: str, index_name: str, concurrently: bool = False) -> list[Any]:
        """Drop an index of the table. `concurrently` is PostgreSQL's.

        Cost: catalogue, and its pages are freed (lang_dropindex.html).
        """
        del table, concurrently
        return [changes.DropIndex(index_name)]

    @table_operation
    def redefine_table(self, table: str, sql: str) -> list[Any]:
        """Let a table be as this CREATE TABLE says, with its rows; the columns are the same ones.

        For what no other operation says: another primary key, a collation, how a column is
        generated, STRICT, WITHOUT ROWID. Indexes, triggers and views stay.

        Cost: a copy (lang_altertable.html, section 7).
        """
        _ = table
        return [changes.Redefine(sql)]

    def rename_table(self, old_name: str, new_name: str) -> TableOperation:
        """Rename a table, in triggers, views and other tables' foreign keys too.

        Cost: catalogue (lang_altertable.html, section 2).
        """
        return _named("rename_table", self, old_name, changes.RenameTable(new_name), new_name)

    def drop_table(
        self, table: str, safe: bool = False, cascade: bool = False, schema: str | None = None
    ) -> Any:
        """Drop a table; rows of other tables are never deleted with it.

        Cost: its pages are freed (lang_droptable.html).
        """
        if schema not in {None, "main"}:
            return playhouse.migrate.SchemaMigrator.drop_table(
                self, table, safe=safe, cascade=False, schema=schema
            )
        return _named("drop_table", self, table, changes.DropTable(safe=safe, cascade=cascade))


def _named(
    name: str, migrator: SqliteMigrator, table: str, change: Any, *words: Any
) -> TableOperation:
    """An operation whose first argument has another name in playhouse than `table`."""

    def plan(_migrator: Any, _table: str, *_rest: Any) -> list[Any]:
        return [change]

    plan.__name__ = name
    return TableOperation(migrator, plan, table, words, {})


def _warn(operation: TableOperation, note: str) -> None:
    file, _, line = (operation.where or "wheatear:0").rpartition(":")
    warnings.warn_explicit(f"{operation}: {note}", OperationWarning, file, int(line))
