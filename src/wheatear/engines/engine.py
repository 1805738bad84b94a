"""The protocol behind which databases differ."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import peewee

from wheatear.engines.waiting import Waiting
from wheatear.errors import ConfigError, DatabaseUnavailableError, OperationError
from wheatear.masking import Mask

if TYPE_CHECKING:  # only who reads a schema or makes a backup needs them
    from wheatear.engines.aside import Aside
    from wheatear.engines.copies import Copies
    from wheatear.engines.journaling import Journaling
    from wheatear.engines.models import Statement
    from wheatear.engines.recording import Recorder
    from wheatear.engines.settings import Settings
    from wheatear.schema.diff import Policy
    from wheatear.schema.model import Schema
    from wheatear.schema.writer import Spelling

T = TypeVar("T")

# Long enough for an ordinary transaction to end, short enough for those who queue behind us.
LOCK_TIMEOUT = 2.0
_SAVEPOINT = "wheatear_migration"


class Engine(ABC):
    """One Peewee database, seen through what its engine can and cannot do.

    Args:
        db: The database itself, no proxy, initialised.
    """

    name: ClassVar[str]
    transactional_ddl: ClassVar[bool]
    """A schema change and its record can commit together."""
    history_id: ClassVar[str]
    """The type of the history's key, which grows with every record."""
    history_options: ClassVar[str] = ""
    """What follows the history's column list in its CREATE TABLE."""
    history_types: ClassVar[dict[str, str]] = {}
    """Where the engine calls a type of the history's columns otherwise."""
    shared_seconds: ClassVar[float] = 0.0
    """How long, in seconds, migrations that follow each other may go on joining one transaction:
    only where nobody else could write meanwhile anyway."""
    connection_attributes: ClassVar[frozenset[str]]
    """What a migration may use of the driver's connection beside its cursors: nothing in it sends
    SQL or ends a transaction unseen."""

    def __init__(self, db: Any) -> None:
        self.db = db
        self.connection: Any = None
        """The driver's own connection of this run."""
        self.undisturbed = False
        """Inside a block: no other connection has written since the block before it. Only where
        that can be told for next to nothing."""
        self.stopping = False
        """Ctrl-C or SIGTERM has come: what fails from now on fails since it was stopped."""
        self.lock_timeout = LOCK_TIMEOUT
        """Seconds that a statement waits for another connection's lock before it gives way."""

    def or_update(self, columns: Sequence[str]) -> str | None:
        """The clause that lets an INSERT of several rows change the one whose key is there.

        Args:
            columns: What is changed.

        Returns:
            It; None where rows are not to be joined like that.
        """
        del columns
        return None

    @property
    def url(self) -> str:
        """Where the database is, the password masked: what messages call it."""
        from wheatear.urls import url_of  # noqa: PLC0415 - only who says something needs it

        return url_of(self.db)

    def mask(self) -> Mask:
        """What keeps this database's password out of a text."""
        from wheatear.urls import secrets_of  # noqa: PLC0415 - only who says something needs it

        return Mask(secrets_of(self.db), public=self.url)

    @abstractmethod
    def migrator(self, schema: str | None = None) -> Any:
        """Return playhouse's migrator for this database, faster and safer.

        Args:
            schema: The schema of the tables, where the engine has schemas; None for the current.
        """

    # Connection

    def exists(self) -> bool:
        """Whether there is a database to connect to, as far as can be told without connecting."""
        return True

    @contextmanager
    def opened(self, waiting: Waiting) -> Iterator[None]:
        """Hold a connection for the block, and leave it as it was found.

        Args:
            waiting: Who is told, and for how long, if others keep it from being opened or read.

        Raises:
            DatabaseUnavailableError: It cannot be opened.
            ConfigError: It was handed over in the middle of a transaction.
        """
        was_closed = self.db.is_closed()
        try:
            with ExitStack() as stack:
                with self._unavailable():
                    if was_closed:
                        self.patiently(self._connect, waiting)
                    self.connection = self.db._state.conn
                    if not was_closed:
                        self._refuse_transaction()
                    stack.enter_context(self.prepared(waiting))
                yield
        finally:
            self.connection = None
            if was_closed and not self.db.is_closed():
                with suppress(Exception):  # one that is gone already need not be closed
                    self.db.close()

    def _connect(self) -> None:
        try:
            self.db.connect()
        except (TypeError, ValueError, AttributeError, LookupError) as error:
            # The driver's own words about arguments that it was not made for.
            raise ConfigError(
                f"Cannot open {self.url}: {type(error).__name__}: "
                f"{self.mask().foreign(first_line(error))}",
                state="nothing was changed.",
                next="correct what the database is given beside its name, in its URL or in "
                "migrations_config.py: the driver cannot use it.",
            ) from error

    def _refuse_transaction(self) -> None:
        if self.db.in_transaction() or self.in_transaction():
            raise ConfigError(
                "The database was handed over with a transaction open.",
                state="nothing was changed.",
                next="commit or roll back first: a migration and its record commit together, in a "
                "transaction of their own.",
            )

    @contextmanager
    def _unavailable(self) -> Iterator[None]:
        try:
            yield
        except (peewee.PeeweeException, OSError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and "cryptography" not in str(error):
                raise  # PyMySQL's want of that package is no other class
            raise DatabaseUnavailableError(
                f"Cannot open {self.url}: {self.mask().foreign(first_line(error))}",
                state="nothing was changed.",
                next=self.way_in(error),
            ) from error

    def patiently(self, action: Callable[[], T], waiting: Waiting) -> T:
        """Do something that other connections' locks may keep from being done at once."""
        del waiting
        return action()

    @abstractmethod
    def prepared(self, waiting: Waiting) -> AbstractContextManager[None]:
        """Set an open connection up for a run; restore every setting afterwards."""

    @abstractmethod
    def in_transaction(self) -> bool:
        """Ask the driver or the server, whatever Peewee believes."""

    @abstractmethod
    def way_in(self, error: BaseException) -> str:
        """Say what to do about a connection that failed with this error."""

    @abstractmethod
    def interrupt(self) -> None:
        """Stop the statement that runs on this run's connection. Called from another thread."""

    # One runner at a time

    @abstractmethod
    def exclusively(
        self, waiting: Waiting, *, atomic: bool = True, foreign_keys: bool = False
    ) -> AbstractContextManager[None]:
        """Be the only runner for the block; where DDL is transactional, in one transaction.

        Args:
            waiting: How long to wait for other runners, and who is told.
            atomic: False keeps other runners out without a transaction around the block.
            foreign_keys: Keep SQLite's foreign keys enforced during an atomic block.

        Raises:
            LockTimeoutError: Another one held the lock for longer than `waiting` allows.
        """

    @contextmanager
    def undone_alone(self) -> Iterator[None]:
        """Inside an atomic block: if this block in it fails, undo it and nothing else.

        A transaction that is gone by then (SQLite ends it after some errors) has nothing to undo.
        """
        self._send(f"SAVEPOINT {_SAVEPOINT}")
        try:
            yield
        except BaseException:
            if self.in_transaction():
                self._send(f"ROLLBACK TO {_SAVEPOINT}")
            raise
        self._send(f"RELEASE {_SAVEPOINT}")

    def _send(self, sql: str) -> None:
        """Past Peewee, which counts its own savepoints."""
        cursor = self.connection.cursor()
        cursor.execute(sql)
        cursor.close()

    def transaction(self, waiting: Waiting) -> AbstractContextManager[None]:
        """A transaction of the block's own, in a run that holds the lock without one.

        Args:
            waiting: Who is told, and for how long, if others keep it from being begun.
        """
        del waiting
        return own_transaction(self.db, begin=self.db.begin, commit=lambda commit: commit())

    def writing(self) -> AbstractContextManager[None]:
        """What is put around writes of our own under the lock, for who takes it next to see them.

        Where the lock can be free before a dead run's last statement has ended, that takes more
        than the statements themselves.
        """
        return nullcontext()

    def without_transactions(self, table: str) -> str | None:
        """What keeps a table whose rows are changed at once and for good, or None."""
        del table
        return None

    inexact_types: ClassVar[frozenset[str]] = frozenset()
    """Types of columns whose rows are not found, or not in order, by the values that are read."""

    counts_found_rows: ClassVar[bool] = True
    """An UPDATE counts the rows that it found, also those that were as it makes them."""

    knows_replication_lag: ClassVar[bool] = False
    """`replication_lag` has an answer."""

    def replication_lag(self) -> float | None:
        """How far the slowest replica is behind, in seconds; None if there is none that is."""
        return None

    @abstractmethod
    def settings(self) -> Settings:
        """What keeps the connection's settings for a migration to be set back after it."""

    def verify(self) -> None:  # noqa: B027 - most engines check as they go
        """Inside an atomic block, refuse what must not be committed.

        Raises:
            MigrationFailedError: The block left rows whose foreign key points at nothing.
        """

    def is_running_elsewhere(self) -> bool:
        """Whether another runner is inside its block, where that can be seen."""
        return False

    def is_lock_timeout(self, error: BaseException) -> bool:
        """Whether a statement gave way to another connection's lock and may be tried again."""
        del error
        return False

    def is_lost(self, error: BaseException) -> bool:
        """Whether a statement failed since the connection to the server is gone."""
        del error
        return False

    def behind(self, error: BaseException) -> BaseException:
        """The error that was there first, where one of cleaning up has taken its place."""
        return error

    def remedy(self, error: BaseException) -> str | None:
        """Say what to do about an error that no change of the migration mends, or None."""
        del error
        return None

    # History

    @abstractmethod
    def history_table(self, name: str = "wheatear_history") -> str:
        """The history's name, quoted and qualified so that no search path changes what it means.

        Args:
            name: Another table beside it.
        """

    @abstractmethod
    def history_columns(self, name: str = "wheatear_history") -> list[str]:
        """The columns the history has now; none if there is no history yet.

        Args:
            name: Another table beside it.
        """

    @abstractmethod
    def journaling(self) -> Journaling:
        """How this engine's statements are journaled on the connection that is open."""

    # Backups

    def copies(self) -> Copies | None:
        """What copies the database while it is in use; None where it is not one file."""
        return None

    def dump_command(self) -> str:
        """What makes a backup of a database that is not one file, to be typed in a shell."""
        return ""

    # Schemas

    @abstractmethod
    def read_schema(self, tables: Collection[str] | None = None) -> Schema:
        """Read what the database holds (on PostgreSQL: its current schema).

        Args:
            tables: Only these tables and their triggers; None reads all there is.
        """

    def kept(self, without: str) -> Any:
        """The schema as what JSON knows, to be kept; equal schemas give the same.

        Args:
            without: A table that is no part of it.
        """
        from wheatear.schema.ours import is_ours  # noqa: PLC0415
        from wheatear.schema.stored import as_json  # noqa: PLC0415

        schema = self.read_schema().without(without)
        for table in schema.tables:
            if is_ours(table.name):
                schema = schema.without(table.name)
        return as_json(schema)

    def schema_of_kept(self, kept: Any) -> Schema:
        """The schema that was kept.

        Raises:
            ValueError: It is nothing that `kept` returns.
        """
        from wheatear.schema.stored import from_json  # noqa: PLC0415

        return from_json(kept)

    @abstractmethod
    def recorder(self) -> Recorder:
        """Return what tells which tables the steps of a run touch."""

    @abstractmethod
    def aside(self) -> Aside:
        """Return what keeps rows aside before they are dropped."""

    @abstractmethod
    def home(self) -> str:
        """The name of the schema that is read."""

    @abstractmethod
    def policy(self) -> Policy:
        """What this engine takes for the same when two of its schemas are compared."""

    @abstractmethod
    def stand_in(self) -> Any:
        """A Peewee database that writes SQL as this one does, for models to be written with."""

    @abstractmethod
    def created(self, statements: Sequence[Statement]) -> Schema:
        """Run statements in a scratch namespace, read what they made, and leave no trace.

        Raises:
            OperationError: This user may not make one; the right that is missing is named.
        """

    @abstractmethod
    def scratch_copy(
        self, *, empty: bool = False, tables: Collection[str] | None = None
    ) -> AbstractContextManager[Engine]:
        """A scratch database with this one's schema and none of its rows, gone after the block.

        What runs there does not reach this database, takes no lock on its tables, and leaves no
        trace, also where the process dies. Call it while this engine is `opened`.

        Args:
            empty: Without the schema: nothing of this database is read.
            tables: Only these and what hangs on them (see `schema.related`), where copying costs
                time; None copies all.

        Returns:
            The copy's engine, `opened`. Its `exclusively` is the transaction a migration runs in.
            On PostgreSQL all of it is one transaction, in which no migration can run that must
            not be in one.

        Raises:
            OperationError: This user may not make one; the right that is missing is named. Or the
                schema cannot be made a second time.
        """

    def settled(self, before: Schema, after: Schema) -> tuple[Schema, Schema]:
        """Both schemas with expressions that differ printed once more, where that may differ."""
        return before, after

    @abstractmethod
    def dialect(self) -> str:
        """The version from which on the server may print the same schema in other words."""

    @abstractmethod
    def version(self) -> str:
        """What the same statements give the same schema on: the server's version and settings."""

    @abstractmethod
    def spelling(self) -> Spelling:
        """How this engine writes changes as source. Asked while connected."""

    def schema_of_models(self, models: Sequence[Any]) -> Schema:
        """Read models' schema, by creating in a scratch namespace those not read before.

        Args:
            models: Peewee models; those that they point at are read with them.

        Raises:
            ConfigError: A model cannot be created.
            OperationError: There is no right to make a scratch namespace.
        """
        from wheatear.engines.scratch import schema_of_models  # noqa: PLC0415

        return schema_of_models(self, models)


def not_copied(engine: Engine, error: BaseException) -> OperationError:
    """What to say where a schema cannot be made once more."""
    statement = getattr(error, "statement", None)
    return OperationError(
        f"The schema of {engine.url} cannot be copied into a scratch database: {first_line(error)}",
        where=statement[0] if statement else None,
        state="nothing was changed.",
        next=engine.remedy(error)
        or "see what this statement needs that a new connection does not have.",
    )


RIGHTS = "give this user the right to do so, or connect as one who has it."
READ_ONLY = "the database takes no writes now: connect to one that does, or let it."
FULL = "make room on the disk of the database, then run the command again."


def put_back(action: Callable[[], object]) -> None:
    """Put a setting back, whatever happened: a second time if it fails.

    An interrupt is for the statement that runs, but may come late and hit this one; and its error
    must not take the place of the one that ended the run.
    """
    with suppress(Exception):
        action()
        return
    with suppress(Exception):
        action()


def first_line(error: BaseException) -> str:
    """The driver's own words, without the lines of advice that some drivers add."""
    text = str(error.args[-1]) if error.args else str(error)
    return text.strip().split("\n", 1)[0] or type(error).__name__


@contextmanager
def own_transaction(
    db: Any, begin: Callable[[], None], commit: Callable[[Callable[[], None]], None]
) -> Iterator[None]:
    """A transaction that Peewee knows of, begun and committed by the engine's own patient means.

    A migration's `db.atomic()` nests in it as a savepoint.

    Args:
        db: The Peewee database.
        begin: Begins the transaction.
        commit: Called with the function that commits.
    """
    transaction = db.transaction()
    begin()
    db.push_transaction(transaction)
    depth = db.transaction_depth()
    try:
        yield
        commit(lambda: transaction.commit(begin=False))
    except BaseException as error:
        _roll_back(db, transaction, error)
        raise
    finally:
        while db.transaction_depth() >= depth:
            db.pop_transaction()


def _roll_back(db: Any, transaction: Any, error: BaseException) -> None:
    """Roll back; a connection that is gone has been rolled back by its server."""
    try:
        if not db.is_closed():
            transaction.rollback(begin=False)
    except Exception as failure:  # noqa: BLE001 - any driver's; the first error is the one to tell
        add_note = getattr(error, "add_note", None)
        if add_note:
            add_note(f"(the rollback found the connection gone: {first_line(failure)})")
