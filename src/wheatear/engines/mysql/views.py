"""A view that goes on showing what it shows when a column it selects gets another name.

Servers store a view with each column as `alias`.`column` and each shown name after AS. So the new
name goes in after the aliases of the renamed column's table, and what the view shows stays.
"""

from __future__ import annotations

from .change import Statement, TableState
from .tokens import Token, joined, quoted, same, tokens, unquoted


def following(state: TableState, view: str, old: str, new: str) -> Statement | None:
    """CREATE OR REPLACE VIEW with the new name, or None where an alias could mean two tables."""
    name = f"{quoted(state.schema)}.{quoted(view)}"
    row = state.session.execute(f"SHOW CREATE VIEW {name}").fetchall()[0]
    text, collation = str(row[1]), str(row[3])
    rows = state.session.rows(
        "SELECT view_definition, check_option FROM information_schema.views"
        " WHERE table_schema = %s AND table_name = %s",
        (state.schema, view),
    )
    body, check = rows[0]
    renamed = _renamed(list(tokens(body)), state, old, new)
    if renamed is None:
        return None
    head = _head(text, view, name)
    end = "" if check == "NONE" else f" WITH {check} CHECK OPTION"
    # The connection's collation is that of the view's literals.
    return Statement(
        state.restated(f"{head} AS {renamed}{end}"), (("collation_connection", collation),)
    )


def aliases(parts: list[Token]) -> dict[str, set[tuple[str, str]]]:
    """Each quoted alias (or table name), and the tables (schema, name) that it stands for."""
    found: dict[str, set[tuple[str, str]]] = {}
    solid = [part for part in parts if part.kind != "space"]
    for at in range(len(solid) - 2):
        schema, dot, table = solid[at : at + 3]
        if dot.text != "." or schema.kind != "name" or table.kind != "name":
            continue
        after = solid[at + 3] if at + 3 < len(solid) else None
        before = solid[at - 1].text if at else ""
        if before == "." or (after and after.text == "."):
            continue  # schema.table.column
        alias = after.text if after and after.kind == "name" else table.text
        found.setdefault(alias, set()).add((unquoted(schema.text), unquoted(table.text)))
    return found


def selects(sql: str, state: TableState, column: str | None) -> bool:
    """Whether a view's stored text uses the table, or this column of it."""
    parts = list(tokens(sql))
    own = (state.schema, state.name)
    named = aliases(parts)
    if column is None:
        return any(own in tables for tables in named.values())
    return any(own in named.get(alias, ()) for _, alias in _uses(parts, column))


def _uses(parts: list[Token], column: str) -> list[tuple[int, str]]:
    """Where `alias`.`column` stands: the index of the column's token, and the alias."""
    return [
        (at, parts[at - 2].text)
        for at in range(2, len(parts))
        if parts[at].kind == "name"
        and same(unquoted(parts[at].text), column)
        and parts[at - 1].text == "."
        and parts[at - 2].kind == "name"
    ]


def _renamed(parts: list[Token], state: TableState, old: str, new: str) -> str | None:
    own = (state.schema, state.name)
    named = aliases(parts)
    texts = [part.text for part in parts]
    for at, alias in _uses(parts, old):
        tables = named.get(alias, set())
        if own in tables and len(tables) > 1:
            return None
        if own in tables:
            texts[at] = quoted(new)
    return "".join(texts)


def _head(text: str, view: str, name: str) -> str:
    """CREATE … VIEW name, as the server prints it, with OR REPLACE and the schema."""
    parts = list(tokens(text))
    at = next(n for n, part in enumerate(parts) if part.text == quoted(view))
    before = joined(parts[1:at])
    return f"CREATE OR REPLACE {before} {name}"
