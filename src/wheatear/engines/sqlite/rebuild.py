"""Makes a table anew by the steps SQLite documents (lang_altertable, section 7)."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from wheatear.engines.operating import rebuilding

from . import edits, stored_statement
from .beside import Beside
from .definition import Definition
from .draft import Draft, RefusedError
from .grammar import parse
from .photograph import rows
from .rows_of import row_key, rowid_name
from .scope import pragma
from .tokens import fold, quote, tokens_of

COPY = "_wheatear"
"""What the name of the copy ends in, while it is made."""
_COMPARED_IN_FULL = 20_000


def check_that_it_is_safe(draft: Draft, why: str) -> None:
    """Refuse where dropping the old table would delete rows that point at it."""
    if not draft.enforced:
        return
    query = (
        "SELECT DISTINCT m.name FROM main.sqlite_master m, "
        "pragma_foreign_key_list(m.name, 'main') f "
        "WHERE m.type='table' AND m.rootpage > 0 AND lower(f.\"table\") = lower(?)"
    )
    children = [name for (name,) in rows(draft.db, query, draft.table)]
    if children:
        raise RefusedError(
            f"table {draft.table} has to be copied ({why}), and inside a transaction with "
            "foreign_keys on SQLite would delete the rows that point at it, in "
            + ", ".join(children),
            "open the transaction with migrator.migration_context(), which switches foreign keys "
            "off before, or run it as a migration (wheatear migrate)",
        )


def rebuild(draft: Draft, *, editable: bool) -> None:
    """Copy the table's rows into a table of the new definition, which takes its place."""
    old = parse(draft.stored())
    beside = Beside.of(draft)
    with ExitStack() as settings:
        # CHECKs that old rows break are not this change's business; new values have to meet them.
        ignored = int(not draft.values_change)
        for name, value in (("ignore_check_constraints", ignored), ("legacy_alter_table", 1)):
            settings.enter_context(pragma(draft.db, name, value))
        settings.enter_context(pragma(draft.db, "threads", 2))
        # Where the old pages hold nothing that the new ones do not, overwriting keeps no secret.
        if not (draft.dropped or draft.casts) or not _wants_secure_delete(draft.db):
            settings.enter_context(pragma(draft.db, "secure_delete", 0))
        copy = _Copy(draft, old, draft.definition)
        if _names_itself(draft.definition):
            copy.through_a_store()
        else:
            copy.beside_the_old()
        if editable and draft.stored() != draft.definition.sql:
            stored_statement.edit(draft.db, draft.table, draft.definition.sql)
        beside.restore(draft)


def _wants_secure_delete(db: Any) -> bool:
    """Whether the user asked for it: many builds have it on without anybody's asking.

    It overwrites what is deleted with zeros, here the whole old table.
    """
    if any(fold(str(name)) == "secure_delete" for name, _ in getattr(db, "_pragmas", None) or ()):
        return True
    query = "SELECT 1 FROM pragma_compile_options WHERE compile_options = 'SECURE_DELETE'"
    return not rows(db, query) and bool(rows(db, "PRAGMA main.secure_delete")[0][0])


def _names_itself(definition: Definition) -> bool:
    """Whether an expression says `table.column`, which no table of another name would accept."""
    tokens = tokens_of(definition.sql)
    own = fold(definition.name)
    return any(
        token.kind != "other" and fold(token.name) == own and following.text == "."
        for token, following in pairwise(tokens)
    )


@dataclass(frozen=True)
class _Copy:
    draft: Draft
    old: Definition
    new: Definition

    @property
    def db(self) -> Any:
        return self.draft.db

    def columns(self) -> list[tuple[str, str]]:
        """Each column that is written, and what is read for it."""
        return [
            (quote(column.name), self.draft.casts.get(fold(column.name), quote(column.name)))
            for column in self.new.columns
            if not column.last("generated") and fold(column.name) not in self.draft.fresh
        ]

    def rowid(self) -> str | None:
        """The rowid's name, unless a column is it."""
        key = [self.new.column(name) for name in self.new.primary_key()]
        if len(key) == 1 and key[0] and self.draft.is_rowid(key[0]):
            return None
        return rowid_name(self.old, self.new)

    def free_name(self) -> str:
        taken = {fold(name) for _, _, name in self.draft.before.others}
        name = f"{self.draft.table}{COPY}"
        while fold(name) in taken:
            name += "_"
        return name

    def beside_the_old(self) -> None:
        """One copy: a table of another name is filled, and takes the old one's place and name."""
        shadow = self.free_name()
        self._create(edits.rename_table(self.new, shadow))
        written, read = self._lists(self.rowid())
        self._copy(shadow, written, read, self.draft.from_table)
        self._compare(shadow)
        self._drop(self.draft.from_table, has_copy=not self.draft.dropped)
        self.db.execute_sql(f"ALTER TABLE main.{quote(shadow)} RENAME TO {quote(self.draft.table)}")

    def through_a_store(self) -> None:
        """Two copies, so that the new table is made under its own name."""
        store, rowid = self.free_name(), self.rowid()
        written, read = self._lists(rowid)
        names = [f"c{at}" for at in range(len(written))]
        kept = list(names)
        if rowid:
            kept[0] += " INTEGER PRIMARY KEY"
        self.db.execute_sql(f"CREATE TABLE main.{quote(store)} ({', '.join(kept)})")
        self._copy(store, names, read, self.draft.from_table)
        self._drop(self.draft.from_table, has_copy=not self.draft.dropped)
        self._create(self.new)
        self._copy(self.draft.table, written, names, f"main.{quote(store)}")
        self._drop(f"main.{quote(store)}", has_copy=True)

    def _drop(self, table: str, *, has_copy: bool) -> None:
        """Drop a table; one without a copy of its own is to be kept aside, if that is wanted."""
        with rebuilding() if has_copy else nullcontext():
            self.db.execute_sql(f"DROP TABLE {table}")

    def _lists(self, rowid: str | None) -> tuple[list[str], list[str]]:
        pairs = [(rowid, rowid)] if rowid else []
        written, read = zip(*[*pairs, *self.columns()], strict=True)
        return list(written), list(read)

    def _create(self, definition: Definition) -> None:
        at = definition.name_start
        self.db.execute_sql(f"{definition.sql[:at]}main.{definition.sql[at:]}")

    def _copy(self, target: str, written: list[str], read: list[str], source: str) -> None:
        """ABORT, whatever ON CONFLICT the columns have: no row may be left out."""
        order = f" ORDER BY {read[0]}" if self.rowid() else ""
        self.db.execute_sql(
            f"INSERT OR ABORT INTO main.{quote(target)} ({', '.join(written)}) "
            f"SELECT {', '.join(read)} FROM {source}{order}"
        )
        ((copied,),) = rows(self.db, "SELECT changes()")
        ((there,),) = rows(self.db, f"SELECT count(*) FROM {source}")
        if copied != there:
            raise RefusedError(f"{copied} of {there} rows of table {self.draft.table} were copied")

    def _compare(self, shadow: str) -> None:
        """Compare the contents of the columns whose values stay; of a large table, a part."""
        key = row_key(self.old) if row_key(self.old) == row_key(self.new) else ()
        if self.draft.renumbered:
            return  # nothing tells which row is which
        same = self._unchanged()
        told_apart = rowid_name(self.old, self.new) is not None or set(key) <= set(same)
        if not key or not same or not told_apart:
            return
        joined = " AND ".join(f"o.{part} = n.{part}" for part in key)
        other = " OR ".join(f"o.{name} COLLATE BINARY IS NOT n.{name}" for name in same)
        part = f"(SELECT * FROM {self.draft.from_table} LIMIT {_COMPARED_IN_FULL})"
        if key == ("rowid",) or key[0] in {"_rowid_", "oid"}:
            part = f"(SELECT {key[0]}, * FROM {self.draft.from_table} LIMIT {_COMPARED_IN_FULL})"
        ((lost,),) = rows(
            self.db,
            f"SELECT count(*) FROM {part} o LEFT JOIN main.{quote(shadow)} n ON {joined} "
            f"WHERE n.{key[0]} IS NULL OR {other}",
        )
        if lost:
            raise RefusedError(f"{lost} rows of table {self.draft.table} were copied wrongly")

    def _unchanged(self) -> list[str]:
        names = []
        for column in self.new.columns:
            before = self.old.column(column.name)
            cast = fold(column.name) in self.draft.casts or column.last("generated")
            if before and not cast and fold(before.type) == fold(column.type):
                names.append(quote(column.name))
        return names
