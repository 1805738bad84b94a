"""What the journal of a run needs to know of its engine: which statement may share a transaction
with its entry, which cannot, and how to see afterwards whether such a one took effect.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Literal, NamedTuple

from wheatear.engines.engine import Engine
from wheatear.engines.session_values import SessionValues
from wheatear.engines.waiting import Waiting

Kind = Literal["read", "setting", "begin", "commit", "rollback", "inside", "rows", "alone"]
"""What a statement is to the journal: it is a `read`; a `setting` of the connection, which is made
again each time; it begins or ends a transaction, or is a savepoint `inside` one; it changes `rows`,
or anything else that can be in one transaction with its entry; or it commits by itself, `alone`."""

Seen = Mapping[str, Any]
"""What was seen of what a statement is about to touch, as JSON knows it."""


class Refusal(NamedTuple):
    """A statement that no journal can make good.

    Attributes:
        what: What is wrong with it, after "The migration".
        next: What to do instead.
    """

    what: str
    next: str


TEMPORARY = Refusal(
    "makes something temporary, which is gone if the run dies.",
    "make an ordinary one, and drop it at the end.",
)
CHAINED = Refusal(
    "ends a transaction AND CHAIN, and the next one is not open in a run that goes on.",
    "begin it with BEGIN, or use `with db.atomic():`.",
)
SEVERAL = Refusal(
    "sends several statements in one text, and not all of them can be in one transaction with "
    "the journal.",
    "send them one by one, each with an execute_sql() of its own.",
)


def kind_of_all(kinds: Iterable[Kind]) -> Kind | None:
    """What several statements in one text are together; None if they are no one kind."""
    each = list(kinds)
    found = set(each)
    if len(each) == 1 or found in ({"setting"}, {"read"}):
        return each[0]
    return "rows" if found <= {"read", "rows"} else None


class Settled(NamedTuple):
    """What looking says of a statement that was in flight.

    Attributes:
        done: It took effect; None if nobody can tell.
        why: What was seen, where it is None.
    """

    done: bool | None
    why: str = ""


class Journaling(ABC):
    """How statements of one engine are journaled, on the connection of one run.

    Args:
        engine: The engine, opened.
    """

    ends_transactions = False
    """A statement that commits by itself also commits the transaction that it is sent in."""
    reads_may_write = False
    """What looks like reading may write; `wrote` tells inside the transaction."""

    lock_is_beside = False
    """The lock is another connection's, and may be free before a dead run's last statement has
    ended: so each commit is of a transaction that shows until then, see `show`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.connection = engine.connection
        self.session_values = SessionValues()
        self.replays: Callable[[], bool] = bool
        """Whether the statement that comes is answered from a journal, and not sent."""

    def as_sent(self, sql: str, parameters: Any) -> str:
        """A statement's text as the driver sends it, but for the parameters' values."""
        del parameters
        return sql

    @abstractmethod
    def kind(self, sql: str) -> Kind:
        """Say what a statement is to the journal."""

    def refusal(self, sql: str, *, inside: bool) -> Refusal | None:
        """Say what cannot be journaled, before it is sent.

        Args:
            sql: The statement.
            inside: It is sent in a transaction of the migration's own.
        """
        del sql, inside
        return None

    def outlived(self, sql: str, rest: Sequence[str]) -> bool:
        """Whether a setting that was made in a transaction is still made behind it.

        Args:
            sql: The setting.
            rest: The statements that were sent after it.
        """
        del sql, rest
        return True

    @abstractmethod
    def in_transaction(self, *, after_error: bool = False) -> bool:
        """Whether a transaction is open; asked before each statement, so it must be cheap."""

    def is_broken(self) -> bool:
        """Whether the open transaction can only be rolled back."""
        return False

    begin_sql = "BEGIN"

    def begin(self) -> None:
        """Begin a transaction for one statement and its entry."""
        self.send(self.begin_sql)

    def show(self) -> None:  # noqa: B027
        """Before the COMMIT of a transaction that `begin` has not begun: let others see that it is
        under way.
        """

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Around a write that nothing else has to be in one commit with."""
        if not self.lock_is_beside or self.in_transaction():
            yield
            return
        self.begin()
        try:
            yield
        except BaseException:
            self.rollback()
            raise
        self.commit()

    def commit(self) -> None:
        """Commit it."""
        self.send("COMMIT")

    def rollback(self) -> None:
        """Roll it back; a connection that is gone has been."""
        with suppress(Exception):
            self.send("ROLLBACK")

    def must_be_alone(self, error: BaseException) -> bool:
        """Whether the server refused a statement since it is in a transaction."""
        del error
        return False

    def wrote(self) -> bool:
        """Whether the open transaction has written anything yet."""
        return True

    @abstractmethod
    def look(self, sql: str) -> Seen:
        """Look at what a statement that commits by itself is about to touch."""

    @abstractmethod
    def settle(self, sql: str, before: Seen, *, dead: bool = False) -> Settled:
        """Look again: did the statement take effect? What it left half done is removed.

        Args:
            sql: The statement's text.
            before: What `look` saw before it.
            dead: A run that died sent it: others may have changed something since.
        """

    def unsettled(self, before: Seen) -> str | None:
        """Say why looking will not tell whether this one took effect, or None if it will."""
        del before
        return None

    def reads_definitions(self, sql: str) -> bool:
        """Whether a read answers the same as long as no definition changes."""
        del sql
        return False

    def gave_way(self, error: BaseException) -> bool:
        """Whether a statement gave way to another connection's lock and may be tried again."""
        return self.engine.is_lock_timeout(error)

    def wait_for(self, sql: str, before: Seen, waiting: Waiting) -> None:  # noqa: B027
        """Wait until a dead run's statement is no longer at work on the server."""

    def come_home(self) -> None:  # noqa: B027
        """A migration has ended: the next begins in the database that the run was opened for."""

    def send(self, sql: str, values: Any = None) -> Any:
        """Send a statement of the journal's own, past Peewee and the log; return the cursor."""
        cursor = self.connection.cursor()
        cursor.execute(sql, values) if values else cursor.execute(sql)
        return cursor

    def rows(self, sql: str, values: Any = None) -> list[Any]:
        """The rows of a query of the journal's own."""
        cursor = self.send(sql, values)
        found = list(cursor.fetchall())
        cursor.close()
        return found
