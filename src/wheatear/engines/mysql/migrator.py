"""playhouse's migrator for MySQL and MariaDB, without loss and by the cheapest way."""

# ruff: noqa: ARG002, PLR0917 - the arguments are playhouse's; the table is the decorator's

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import peewee
from playhouse.migrate import MySQLMigrator, Operation, _truncate_constraint_name

from wheatear.engines.mysql.tokens import quoted
from wheatear.engines.operations import OperationsInARow, TableOperation, table_operation

from . import columns, defaults, keys, rename_column, tables
from .add_column import ForeignKey, NewColumn, add_column
from .change import RefusedError, Step
from .drop_column import drop_column
from .run import Run
from .session import Session


class MysqlMigrator(OperationsInARow, MySQLMigrator):  # type: ignore[misc]
    """Changes tables of MySQL and MariaDB; the methods and arguments are playhouse's.

    A column is restated as the server itself prints it, so that what an operation does not name
    stays. Changes in a row on one table are one ALTER TABLE. The server is asked for the cheapest
    ALGORITHM and LOCK: INSTANT (the catalogue alone, at once), NOCOPY (an index is built, the table
    is not; MariaDB), INPLACE (the table is rebuilt), all three while others read and write; then
    COPY, while others only read. Which it is depends on the version and the table; each method says
    what is usual. MariaDB: https://mariadb.com/kb/en/innodb-online-ddl-operations-with-the-instant-alter-algorithm/
    and its neighbours. MySQL 8: "Online DDL Operations",
    https://dev.mysql.com/doc/refman/8.4/en/innodb-online-ddl-operations.html

    DDL commits by itself here: what is made before an error stays, and the error says so.

    Args:
        database: A Peewee MySQLDatabase.
        schema: The database that the tables are in, if not the connection's.
        lock_timeout: How many seconds a statement waits for a table's lock before it lets the
            others pass (whole seconds; None leaves the session's lock_wait_timeout).

    Attributes:
        lock_patience: For how many seconds in total a statement is tried again.
    """

    lock_patience: float = 60.0

    def __init__(
        self, database: Any, schema: str | None = None, *, lock_timeout: float | None = 2.0
    ) -> None:
        super().__init__(database, schema)
        self.lock_timeout = lock_timeout

    def apply(self, table: str, operations: Sequence[TableOperation]) -> None:
        """Make these changes of one table, in one ALTER as far as the server takes them together.

        Costs beside the ALTER: SHOW CREATE TABLE before and after, and the session's settings.
        """
        with Session(self.database, self.lock_timeout, self.lock_patience) as session:
            name = self._quoted(table)
            Run(session, table, name, self.make_context, self.schema).make(operations)

    def _quoted(self, table: str, schema: str | None = None) -> str:
        return ".".join(quoted(name) for name in (schema or self.schema, table) if name)

    @table_operation
    def add_column(
        self, table: str, column_name: str, field: peewee.Field, allow_not_null: bool = False
    ) -> Step:
        """Add a column at the end; a constant default stays in the database.

        Costs: INSTANT with or without a default (MariaDB 10.3, MySQL 8.0.12; "Column
        Operations"); then its index, NOCOPY on MariaDB, INPLACE on MySQL, LOCK=NONE. A foreign key
        is INSTANT where every row gets NULL, else a copy under LOCK=SHARED.
        A callable default is called once a row: UPDATEs of 500 rows by primary key, then NOT NULL
        in place; it is not left as the database's default. Where the field takes NULL it is not
        called: the rows that are there hold NULL.
        """
        field = field.clone()
        field.name = field.column_name = column_name
        if hook := getattr(field, "_db_hook", None):
            hook(self.database)  # a field of no model does not know how to write its value yet
        foreign = self._foreign_key(table, column_name, field)
        return add_column(NewColumn(column_name, field, foreign, allow_not_null))

    def _foreign_key(self, table: str, column: str, field: peewee.Field) -> ForeignKey | None:
        if not isinstance(field, peewee.ForeignKeyField):
            return None
        target = keys.referenced(field)
        field.rel_field = target
        meta = field.rel_model._meta
        name = field.constraint_name or f"fk_{table}_{column}_refs_{meta.table_name}"
        return ForeignKey(
            _truncate_constraint_name(name),
            self._target(meta.table_name, target.column_name, meta.schema),
            field.on_delete,
            field.on_update,
        )

    @table_operation
    def drop_column(self, table: str, column_name: str, cascade: bool = False) -> Step:
        """Drop a column with its own foreign key and its indexes of one column.

        What else uses it is named in an error: indexes of several columns (the server would shrink
        them silently), CHECKs, generated columns, foreign keys, views, triggers. With `cascade`
        they are dropped too.

        Costs: INSTANT on MariaDB 10.4 and MySQL 8.0.29, if no index goes; else INPLACE
        ("Column Operations").
        """
        return drop_column(column_name, cascade=cascade)

    @table_operation
    def alter_column_type(
        self, table: str, column: str, field: peewee.Field, cast: Any = None
    ) -> Step:
        """Change the type and nothing else; values that do not fit are an error.

        A `null` or default of the field that differs is said in a `NotAppliedWarning`.

        Costs: a longer VARCHAR is INSTANT on MariaDB (INPLACE on MySQL up to 255 bytes); most
        others copy the table under LOCK=SHARED ("Changing the column data type").
        """
        return columns.alter_type(column, field, cast)

    @table_operation
    def add_not_null(self, table: str, column: str) -> Step:
        """Make a column NOT NULL; rows that hold NULL are counted in the error.

        Costs: MariaDB rebuilds in place (INPLACE, LOCK=NONE) under a strict sql_mode, which is set
        for it; MySQL the same ("Making a column NOT NULL").
        """
        return columns.add_not_null(column)

    @table_operation
    def drop_not_null(self, table: str, column: str) -> Step:
        """Let a column take NULL.

        Costs: INPLACE with a rebuild, LOCK=NONE, on both ("Making a column NULL"); INSTANT on
        MariaDB with ROW_FORMAT=REDUNDANT.
        """
        return columns.drop_not_null(column)

    @table_operation
    def add_column_default(self, table: str, column: str, default: Any) -> Step:
        """Set a column's DEFAULT; a string that ends with `)` or `'` is SQL, as in playhouse.

        Costs: INSTANT ("Setting a column default value").
        """
        return defaults.add_default(column, default)

    @table_operation
    def drop_column_default(self, table: str, column: str) -> Step:
        """Drop a column's DEFAULT.

        Costs: INSTANT ("Dropping the column default value").
        """
        return defaults.drop_default(column)

    @table_operation
    def add_constraint(self, table: str, name: str, constraint: peewee.Node) -> Step:
        """Add a CHECK, UNIQUE or FOREIGN KEY constraint.

        Costs: CHECK and FOREIGN KEY copy the table under LOCK=SHARED, since rows are validated;
        UNIQUE builds an index (NOCOPY, INPLACE).
        """
        return keys.add_constraint(name, constraint)

    @table_operation
    def drop_constraint(self, table: str, name: str) -> Step:
        """Drop a constraint, whatever its kind.

        Costs: INSTANT for CHECK and FOREIGN KEY, NOCOPY or INPLACE for UNIQUE.
        """
        return keys.drop_constraint(name)

    def add_unique(self, table: str, *column_names: str) -> TableOperation:
        """Add a UNIQUE constraint, `uniq_` and the columns its name.

        Costs: builds an index: NOCOPY on MariaDB, INPLACE on MySQL, LOCK=NONE ("Index Operations").
        """
        return _named("add_unique", self._add_unique(table, column_names))

    @table_operation
    def _add_unique(self, table: str, column_names: Sequence[str]) -> Step:
        return keys.add_unique(column_names)

    @table_operation
    def add_foreign_key_constraint(
        self,
        table: str,
        column_name: str,
        rel: str,
        rel_column: str,
        on_delete: str | None = None,
        on_update: str | None = None,
        constraint_name: str | None = None,
        rel_schema: str | None = None,
    ) -> Step:
        """Add a foreign key to a column; the index is the one there is, or the server's.

        Costs: a copy under LOCK=SHARED, since the rows are validated ("Foreign Key Operations":
        in place only with foreign_key_checks off).
        """
        name = constraint_name or f"fk_{table}_{column_name}_refs_{rel}"
        target = self._target(rel, rel_column, rel_schema)
        sql = keys.foreign_key_sql(column_name, target, on_delete, on_update)
        return keys.add_foreign_key(_truncate_constraint_name(name), column_name, target, sql)

    def _target(self, table: str, column: str, schema: str | None) -> keys.Target:
        return keys.Target(table, column, schema or self.schema, self._quoted(table, schema))

    @table_operation
    def drop_foreign_key_constraint(self, table: str, column_name: str) -> Step:
        """Drop a column's foreign key; its index stays.

        Costs: INSTANT on MariaDB, INPLACE without a rebuild on MySQL ("Foreign Key Operations").
        """
        return keys.drop_foreign_key(column_name)

    @table_operation
    def add_index(
        self,
        table: str,
        columns: Sequence[str],
        unique: bool = False,
        using: str | None = None,
        where: Any = None,
        nulls_distinct: bool | None = None,
        name: str | None = None,
        concurrently: bool = False,
    ) -> Step:
        """Add an index; `using` may be BTREE, HASH, FULLTEXT or SPATIAL.

        Costs: NOCOPY on MariaDB, INPLACE on MySQL, LOCK=NONE ("Index Operations"); FULLTEXT and
        SPATIAL LOCK=SHARED. So `concurrently` is what is done anyway.
        """
        del concurrently
        if nulls_distinct is not None:
            raise RefusedError("MySQL and MariaDB have no NULLS [NOT] DISTINCT.")
        return keys.add_index(name, columns, unique=unique, using=using, where=where)

    @table_operation
    def drop_index(self, table: str, index_name: str, concurrently: bool = False) -> Step:
        """Drop an index; one that a foreign key needs is refused. `concurrently` is PostgreSQL's.

        Costs: NOCOPY on MariaDB, INPLACE on MySQL, LOCK=NONE, at once ("Index Operations").
        """
        del concurrently
        return keys.drop_index(index_name)

    def rename_column(self, table: str, old_name: str, new_name: str) -> TableOperation:
        """Rename a column; keys, CHECKs and generated columns of the table follow.

        Views follow too: each is made again with the new name, and shows what it showed. Triggers
        do not: one that says NEW or OLD of the column is named in an error.

        Costs: INSTANT (MariaDB 10.5, MySQL 8.0.28; "Renaming a column"). On MySQL a CHECK that
        mentions it does not follow and is made anew, which copies the table; and what a generated
        column, a default or an index is computed from cannot be renamed.
        """
        return _named("rename_column", self._rename_column(table, old_name, new_name))

    @table_operation
    def _rename_column(self, table: str, old_name: str, new_name: str) -> Step:
        return rename_column.rename(old_name, new_name)

    def rename_table(self, old_name: str, new_name: str) -> TableOperation:
        """Rename a table; other tables' foreign keys follow, views and trigger bodies do not.

        Those are named in a `BrokenByRenameWarning`.

        Costs: the catalogue alone, a lock of a moment (RENAME TABLE).
        """
        return _named("rename_table", self._rename_table(old_name, new_name))

    @table_operation
    def _rename_table(self, table: str, new_name: str) -> Step:
        return tables.rename_table(new_name, self._quoted(new_name))

    def drop_table(
        self, table: str, safe: bool = False, cascade: bool = False, schema: str | None = None
    ) -> Operation:
        """Drop a table; with `cascade` the foreign keys and views that point at it too.

        Costs: the catalogue, and the time that the file system takes to delete the file.
        """
        if schema is not None and schema != self.schema:
            # Another database: as playhouse does it, since a run looks at one.
            return super().drop_table(table, safe, cascade, schema)
        return _named("drop_table", self._drop_table(table, safe, cascade))

    @table_operation
    def _drop_table(self, table: str, safe: bool, cascade: bool) -> Step:
        return tables.drop_table(safe=safe, cascade=cascade)


def _named(name: str, operation: TableOperation) -> TableOperation:
    """Call an operation by the method that the user called."""
    operation.name = name
    return operation
