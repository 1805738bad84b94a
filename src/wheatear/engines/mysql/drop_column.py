"""Dropping a column: what goes with it by itself, and what has to be said first."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from .change import Change, RefusedError, Step, TableState, step
from .definition import PRIMARY, Definition
from .dependents import Outside, outside
from .tokens import quoted

log = logging.getLogger("wheatear")


@dataclass(frozen=True)
class _Part:
    """One thing of the table that goes: its words, its clause, the definition without it."""

    named: str
    clause: str | None
    key: str | None = None
    constraint: str | None = None
    column: str | None = None
    own: bool = False


def drop_column(column: str, *, cascade: bool) -> Step:
    """The column goes, with its own foreign key and single-column indexes."""

    @step(column)
    def plan(state: TableState) -> Change:
        name = state.column(column)
        if len(state.definition.columns) == 1:
            raise RefusedError(
                f"{name!r} is the last column of {state.name!r}.",
                next=f"migrator.drop_table({state.name!r})",
            )
        parts = list(_parts(state, name))
        others = outside(state, name)
        _say(state, name, parts, others, cascade=cascade)
        expected = state.definition.without(column=name)
        for part in parts:
            expected = _without(expected, part)
        clauses = [part.clause for part in parts if part.clause]
        return Change(
            (*clauses, f"DROP COLUMN {quoted(name)}"), expected, first=others.drops(state.schema)
        )

    return plan


def _say(
    state: TableState, name: str, parts: list[_Part], others: Outside, *, cascade: bool
) -> None:
    named = [part.named for part in parts if not part.own] + others.named()
    if named and not cascade:
        raise RefusedError(
            f"{name!r} of {state.name!r} is used by {', '.join(named)}.",
            next=f"Drop or change these first, or say that they may go too:"
            f" migrator.drop_column({state.name!r}, {name!r}, cascade=True)",
        )
    if named:
        log.info("drop_column(%r, %r) drops too: %s", state.name, name, ", ".join(named))
    if others.perhaps:
        log.warning(
            "These triggers mention %r and %r and may fail from now on: %s",
            state.name,
            name,
            ", ".join(others.perhaps),
        )


def _parts(state: TableState, name: str) -> Iterator[_Part]:
    yield from _foreign_keys(state.definition, name)
    yield from _keys(state, name)
    yield from _expressions(state, name)


def _foreign_keys(definition: Definition, name: str) -> Iterator[_Part]:
    for key, own, text in definition.foreign_keys():
        alone = own == (name,)
        # A foreign key of the same table that points at this column goes as little by itself.
        if name in own or _points_at(text, definition, name):
            yield _Part(
                f"foreign key {key!r}",
                f"DROP FOREIGN KEY {quoted(key)}",
                constraint=key,
                own=alone and name in own,
            )


def _points_at(text: str, definition: Definition, name: str) -> bool:
    target = text.partition(" REFERENCES ")[2]
    return target.startswith(quoted(definition.table) + " ") and quoted(name) in target


def _keys(state: TableState, name: str) -> Iterator[_Part]:
    definition = state.definition
    for key, text in definition.keys.items():
        columns = definition.key_columns(key) if text else ()
        if name not in columns:
            continue
        if len(set(columns)) == 1:
            # It goes with its column; an index on an expression has to be dropped by name.
            bare = "((" not in (text or "")
            clause = None if bare else f"DROP INDEX {quoted(key)}"
            yield _Part(f"index {key!r}", clause, key=key, own=True)
        else:
            # The server would shrink it silently, or refuse where it is unique.
            word = "the primary key" if key == PRIMARY else f"index {key!r}"
            clause = "DROP PRIMARY KEY" if key == PRIMARY else f"DROP INDEX {quoted(key)}"
            yield _Part(f"{word} ({', '.join(columns)})", clause, key=key)


def _expressions(state: TableState, name: str) -> Iterator[_Part]:
    definition = state.definition
    for constraint, text in definition.checks():
        if definition.mentions(text, name):
            word = "CONSTRAINT" if state.session.server.mariadb else "CHECK"
            yield _Part(
                f"{constraint!r} {text}",
                f"DROP {word} {quoted(constraint)}",
                constraint=constraint,
            )
    for column in definition.columns:
        if column == name:
            continue
        clauses = definition.column(column)
        if definition.mentions(clauses.get("generated"), name):
            yield _Part(
                f"generated column {column!r}", f"DROP COLUMN {quoted(column)}", column=column
            )
            continue
        used = [k for k in ("default", "check") if definition.mentions(clauses.get(k), name)]
        if used:
            kept = clauses.without(*used)
            yield _Part(
                f"the {' and '.join(used).upper()} of column {column!r}",
                f"MODIFY COLUMN {quoted(column)} {state.restated(kept)}",
                column=column,
            )


def _without(definition: Definition, part: _Part) -> Definition:
    if part.column is not None and (part.clause or "").startswith("MODIFY"):
        return definition.with_column(part.column, None)
    return definition.without(column=part.column, key=part.key, constraint=part.constraint)
