"""playhouse's migrator for PostgreSQL, with short locks and nothing lost.

Every operation that changes a table's definition takes ACCESS EXCLUSIVE for an instant unless its
docstring says another lock; what matters is how long it is held and waited for. The locks are
listed at https://www.postgresql.org/docs/current/explicit-locking.html and what each ALTER costs
at https://www.postgresql.org/docs/current/sql-altertable.html.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import playhouse.migrate
from playhouse.migrate import _truncate_constraint_name, make_index_name

from wheatear.engines.operations import OperationsInARow, TableOperation, table_operation
from wheatear.engines.postgresql import columns, constraints, field_ddl, indexes, tables
from wheatear.engines.postgresql.adding import AddColumn
from wheatear.engines.postgresql.change import Change, Planned, about, in_goes
from wheatear.engines.postgresql.literals import render
from wheatear.engines.postgresql.lock_waits import Patience
from wheatear.engines.postgresql.refusal import kept
from wheatear.engines.postgresql.spelling import clipped, quoted
from wheatear.engines.postgresql.work import Work
from wheatear.errors import LockTimeoutError, OperationError


class PostgresqlMigrator(OperationsInARow, playhouse.migrate.PostgresqlMigrator):  # type: ignore[misc]
    """The operations of playhouse's `PostgresqlMigrator`, with the same arguments.

    Args:
        database: A Peewee PostgresqlDatabase.
        schema: The tables' schema; None finds them on the search_path.
        lock_timeout: How long one statement may wait for a lock, in seconds; None is as long as
            the connection's own setting says.

    Attributes:
        lock_patience: For how many seconds, outside a transaction, an operation that had to give
            way is tried again. Inside the caller's transaction the error goes on to the caller.

    Changes in a row on one table are one ALTER TABLE. Each is made in a transaction, or a
    savepoint of the caller's, looked at afterwards, and undone if more changed than it names.
    """

    def __init__(
        self, database: Any, schema: str | None = None, lock_timeout: float | None = 2.0
    ) -> None:
        super().__init__(database, schema=schema)
        self.lock_timeout = lock_timeout
        self.lock_patience = 60.0

    def apply(self, table: str, operations: Sequence[TableOperation]) -> None:
        """Make these changes of one table, together where one ALTER TABLE can."""
        patience = Patience(self.lock_timeout, self.lock_patience)
        work = Work(self.database, self.schema, table, patience)
        planned = [_plan(operation) for operation in operations]
        for go in in_goes(planned, stepwise=work.may_commit):
            if work.may_commit and go[0].change.stepwise:
                _in_steps(work, go[0])
            else:
                work.go(go)

    @table_operation
    def add_column(
        self, table: str, column_name: str, field: Any, allow_not_null: bool = False
    ) -> Change:
        """Add a column.

        A constant default costs no rewrite and no scan, however many rows there are, and stays in
        the database, so that programs that do not know the column can go on inserting. A callable
        default is called once for each row and not kept: outside a transaction the rows are
        filled in batches, each in a transaction of its own, and then NOT NULL as `add_not_null`
        does it; inside one the lock is held until its end, and on a large table it warns. A
        foreign key also locks the other table against writing (SHARE ROW EXCLUSIVE). It and an
        index read every row: under the lock inside a transaction; outside one, on a large table,
        NOT VALID first and CONCURRENTLY.
        https://www.postgresql.org/docs/current/ddl-alter.html#DDL-ALTER-ADDING-A-COLUMN
        """
        ready = field_ddl.ready(self.database, field, column_name)
        by_itself = field_ddl.makes_its_own(self.database, ready)
        default = None if by_itself else field_ddl.constant_default(ready)
        callable_default = not by_itself and default is None and callable(ready.default)
        must_have = not field.null and not allow_not_null and not by_itself
        if must_have and ready.default is None:
            raise OperationError(
                f"Column {column_name!r} is not null but has no default for the rows that exist.",
                state="nothing was changed",
                next="give the field a default, or null=True (or allow_not_null=True: no rows yet)",
            )
        index = self._index(
            table,
            (column_name,),
            unique=bool(field.unique),
            using=getattr(field, "index_type", None),
        )
        return AddColumn(
            column_name,
            ready,
            null=bool(field.null),
            default=default,
            filled=must_have and callable_default,
            references=field_ddl.foreign_key(self.schema, ready),
            index=index if field.index or field.unique else None,
        )

    @table_operation
    def drop_column(self, table: str, column_name: str, cascade: bool = False) -> Change:
        """Drop a column with its own indexes and keys; what else depends on it is named and kept.

        No rewrite and no scan; the space comes back as rows are updated. `cascade=True` drops the
        views, the other tables' foreign keys and whatever else depends on it too.
        https://www.postgresql.org/docs/current/ddl-alter.html#DDL-ALTER-REMOVING-A-COLUMN
        """
        del table
        return columns.DropColumn(column_name, cascade)

    @table_operation
    def rename_column(self, table: str, old_name: str, new_name: str) -> Change:
        """Rename a column. No scan; views, indexes and constraints follow by themselves.

        https://www.postgresql.org/docs/current/ddl-alter.html#DDL-ALTER-RENAMING-COLUMN
        """
        del table
        return columns.RenameColumn(old_name, new_name)

    @table_operation
    def add_not_null(self, table: str, column: str) -> Change:
        """Forbid NULL.

        Outside a transaction: a check added NOT VALID, validated while others read and write
        (SHARE UPDATE EXCLUSIVE), then SET NOT NULL, which needs no scan then, and the check
        dropped. Inside one: a scan under ACCESS EXCLUSIVE; on a large table it warns.
        https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DROP-NOT-NULL
        """
        del table
        return columns.SetNotNull(column)

    @table_operation
    def drop_not_null(self, table: str, column: str) -> Change:
        """Allow NULL. No scan.

        https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DROP-NOT-NULL
        """
        del table
        return columns.DropNotNull(column)

    @table_operation
    def add_column_default(self, table: str, column: str, default: Any) -> Change:
        """Set the default of rows to come. No scan.

        https://www.postgresql.org/docs/current/ddl-alter.html#DDL-ALTER-COLUMN-DEFAULT
        """
        if default is None:
            raise OperationError(
                "The default must not be None.",
                state="nothing was changed",
                next=f"migrator.drop_column_default({table!r}, {column!r})",
            )
        return columns.SetDefault(column, default)

    @table_operation
    def drop_column_default(self, table: str, column: str) -> Change:
        """Drop the default. No scan; rows keep what they have.

        https://www.postgresql.org/docs/current/ddl-alter.html#DDL-ALTER-COLUMN-DEFAULT
        """
        del table
        return columns.DropDefault(column)

    @table_operation
    def alter_column_type(self, table: str, column: str, field: Any, cast: Any = None) -> Change:
        """Change the type and nothing else; what else the field says is warned of.

        A type that is stored alike (a longer varchar, varchar to text) costs nothing; any other
        rewrites the table and its indexes under ACCESS EXCLUSIVE: on a large table add a new
        column instead, and fill it. `cast` is the USING expression.
        https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
        """
        del table
        return columns.AlterType(column, field, cast)

    @table_operation
    def add_constraint(self, table: str, name: str, constraint: Any) -> Change:
        """Add a constraint, such as `Check('price >= 0')`.

        Outside a transaction a check or foreign key is added NOT VALID and validated while others
        read and write (SHARE UPDATE EXCLUSIVE). Inside one: a scan under the strong lock; on a
        large table it warns. UNIQUE, PRIMARY KEY and EXCLUDE build their index under it.
        https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT
        """
        del table
        return constraints.AddConstraint(clipped(name), render(self.database, constraint))

    @table_operation
    def add_unique(self, table: str, *column_names: str) -> Change:
        """Add a UNIQUE constraint. Its index is built under ACCESS EXCLUSIVE.

        https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-UNIQUE-CONSTRAINTS
        """
        del table
        names = ", ".join(quoted(name) for name in column_names)
        return constraints.AddConstraint(
            clipped("uniq_" + "_".join(column_names)), f"UNIQUE ({names})", column_names
        )

    @table_operation
    def add_foreign_key_constraint(  # noqa: PLR0917 - playhouse's arguments
        self,
        table: str,
        column_name: str,
        rel: str,
        rel_column: str,
        on_delete: str | None = None,
        on_update: str | None = None,
        constraint_name: str | None = None,
        rel_schema: str | None = None,
        deferrable: str | None = None,
    ) -> Change:
        """Add a foreign key to a column that is there; `deferrable` as in a ForeignKeyField.

        Both tables are locked against writing (SHARE ROW EXCLUSIVE): outside a transaction for an
        instant, then validated while others write; inside one for a scan; on a large table it
        warns.
        https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT
        """
        name = constraint_name or f"fk_{table}_{column_name}_refs_{rel}"
        target = field_ddl.references(
            quoted(rel_schema or self.schema, rel),
            rel_column,
            on_delete=on_delete,
            on_update=on_update,
            deferrable=deferrable,
        )
        return constraints.AddConstraint(
            clipped(_truncate_constraint_name(name)),
            f"FOREIGN KEY ({quoted(column_name)}) {target}",
            (column_name,),
        )

    @table_operation
    def drop_constraint(self, table: str, name: str) -> Change:
        """Drop a constraint. No scan; a foreign key's other table is locked for an instant too.

        https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DROP-CONSTRAINT
        """
        del table
        return constraints.DropConstraint(clipped(name))

    @table_operation
    def drop_foreign_key_constraint(self, table: str, column_name: str) -> Change:
        """Drop the foreign key of a column. No scan; both tables are locked for an instant.

        https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DROP-CONSTRAINT
        """
        del table
        return constraints.DropForeignKey(column_name)

    @table_operation
    def rename_table(self, old_name: str, new_name: str) -> Change:
        """Rename a table, and the sequences that SERIAL columns own. No scan.

        https://www.postgresql.org/docs/current/ddl-alter.html#DDL-ALTER-RENAMING-TABLE
        """
        del old_name
        return tables.RenameTable(new_name)

    @table_operation
    def drop_table(
        self, table: str, safe: bool = False, cascade: bool = False, schema: str | None = None
    ) -> Change:
        """Drop a table; what depends on it is named and kept unless `cascade=True`.

        https://www.postgresql.org/docs/current/sql-droptable.html
        """
        del table
        return tables.DropTable(safe, cascade, schema)

    @table_operation
    def add_index(  # noqa: PLR0917 - playhouse's arguments
        self,
        table: str,
        columns: Sequence[str],
        unique: bool = False,
        using: str | None = None,
        where: Any = None,
        nulls_distinct: bool | None = None,
        name: str | None = None,
        concurrently: bool = False,
    ) -> Change:
        """Add an index.

        Nobody may write while it is built (SHARE), unless `concurrently=True`, which reads the
        table twice and runs only outside a transaction; an INVALID index that an earlier attempt
        left is dropped and built again.
        https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
        """
        return self._index(
            table,
            tuple(columns),
            unique=unique,
            using=using,
            where=where,
            nulls_distinct=nulls_distinct,
            name=name,
            concurrently=concurrently,
        )

    @table_operation
    def drop_index(self, table: str, index_name: str, concurrently: bool = False) -> Change:
        """Drop an index of the table, by its name. ACCESS EXCLUSIVE for an instant.

        `concurrently=True` waits for those who use it instead of stopping all, outside a
        transaction.
        https://www.postgresql.org/docs/current/sql-dropindex.html
        """
        del table
        return indexes.DropIndex(clipped(index_name), concurrently)

    def _index(self, table: str, columns: tuple[Any, ...], **options: Any) -> indexes.AddIndex:
        name = clipped(options.pop("name", None) or make_index_name(table, columns))
        return indexes.AddIndex(name, options.pop("concurrently", False), columns, **options)


def _plan(operation: TableOperation) -> Planned:
    try:
        return Planned(operation, operation.plan())
    except OperationError as error:
        raise about(error, operation) from error.__cause__


def _in_steps(work: Work, item: Planned) -> None:
    try:
        item.change.in_steps(work, item)
    except LockTimeoutError as error:
        error.state = (
            "what it may have done before that is kept: run it again, it goes on from there"
        )
        raise
    except OperationError as error:
        error.state = error.state or kept(work.db, [item])
        raise about(error, item.operation) from error.__cause__
