"""What mentions a column from outside its table: foreign keys, views, triggers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .change import TableState
from .tokens import names_in, quoted, same, tokens
from .views import selects


@dataclass(frozen=True)
class Outside:
    """Things outside a table that depend on it or on one of its columns.

    Attributes:
        foreign_keys: (table, constraint) of the other tables' foreign keys.
        views: Views that select it.
        triggers: Triggers that read or set it.
        perhaps: Triggers that mention both names and may mean something else.
    """

    foreign_keys: tuple[tuple[str, str], ...] = ()
    views: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    perhaps: tuple[str, ...] = field(default=())

    def named(self) -> list[str]:
        """Each as a person would name it."""
        return [
            *(f"foreign key {name!r} of table {table!r}" for table, name in self.foreign_keys),
            *(f"view {name!r}" for name in self.views),
            *(f"trigger {name!r}" for name in self.triggers),
        ]

    def drops(self, schema: str) -> tuple[str, ...]:
        """The statements that drop each, in `schema`."""
        here = quoted(schema)
        found = []
        for table, name in self.foreign_keys:
            other, _, bare = table.rpartition(".")
            place = f"{quoted(other) if other else here}.{quoted(bare)}"
            found.append(f"ALTER TABLE {place} DROP FOREIGN KEY {quoted(name)}")
        found += [f"DROP VIEW {here}.{quoted(name)}" for name in self.views]
        found += [f"DROP TRIGGER {here}.{quoted(name)}" for name in self.triggers]
        return tuple(found)


def outside(state: TableState, column: str | None = None) -> Outside:
    """Look for what depends on the table, or on one of its columns; three queries."""
    triggers, perhaps = _triggers(state, column)
    return Outside(_foreign_keys(state, column), _views(state, column), triggers, perhaps)


# MariaDB opens every table of the server to answer this, but for those that the condition on the
# schema leaves out before: its own 200 and more would be nine tenths of the time on a small server.
# https://mariadb.com/kb/en/optimizing-information-schema-queries/
_FOREIGN_KEYS = """
    SELECT table_schema, table_name, constraint_name, referenced_column_name
    FROM information_schema.key_column_usage
    WHERE referenced_table_schema = %s AND referenced_table_name = %s
      AND (table_schema = %s OR table_schema NOT IN
        ('information_schema', 'mysql', 'performance_schema', 'sys'))"""


def _foreign_keys(state: TableState, column: str | None) -> tuple[tuple[str, str], ...]:
    rows = state.session.rows(_FOREIGN_KEYS, (state.schema, state.name, state.schema))
    return tuple(
        dict.fromkeys(
            (table if schema == state.schema else f"{schema}.{table}", name)
            for schema, table, name, target in rows
            if (schema, table) != (state.schema, state.name)
            and (column is None or same(target, column))
        )
    )


def _views(state: TableState, column: str | None) -> tuple[str, ...]:
    rows = state.session.rows(
        "SELECT table_name, view_definition FROM information_schema.views"
        " WHERE table_schema = %s ORDER BY table_name",
        (state.schema,),
    )
    return tuple(name for name, sql in rows if selects(sql or "", state, column))


def _triggers(state: TableState, column: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    rows = state.session.rows(
        "SELECT trigger_name, event_object_table, action_statement"
        " FROM information_schema.triggers WHERE event_object_schema = %s"
        " ORDER BY trigger_name",
        (state.schema,),
    )
    certain: list[str] = []
    perhaps: list[str] = []
    for name, table, body in rows:
        mentioned = names_in(body)
        if column is not None and table == state.name and _new_or_old(body, column):
            certain.append(name)
        elif state.name.lower() in mentioned and (column is None or column.lower() in mentioned):
            perhaps.append(name)
    return tuple(certain), tuple(perhaps)


def _new_or_old(body: str, column: str) -> bool:
    text = "".join(
        " " if part.kind in {"string", "comment"} else part.text for part in tokens(body)
    )
    name = re.escape(column)
    end = rf"(?:`{name.replace('`', '``')}`|{name}(?![\w$]))"
    return bool(re.search(rf"\b(?:new|old)\s*\.\s*{end}", text, re.IGNORECASE))
