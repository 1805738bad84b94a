"""Whether a change did what it names and nothing else, by what the server prints afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .change import Change
from .definition import Definition, differences


def surprises(changes: Sequence[Change], actual: Definition) -> list[str]:
    """What the table says now that these changes do not, a line for each thing."""
    expected = changes[-1].expected
    optional = frozenset[str]().union(*(change.optional_keys for change in changes))
    new_checks = any(change.new_checks for change in changes)
    return differences(
        _without(expected, optional, expected, new_checks=False),
        _without(actual, optional, expected, new_checks=new_checks),
    )


def _without(
    definition: Definition, optional: frozenset[str], expected: Definition, *, new_checks: bool
) -> Definition:
    keys = {name: sql for name, sql in definition.keys.items() if name not in optional}
    constraints = {
        name: sql
        for name, sql in definition.constraints.items()
        if name in expected.constraints or not (new_checks and (sql or "").startswith("CHECK"))
    }
    return replace(definition, keys=keys, constraints=constraints)
