"""What of a difference between two schemas counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from wheatear.schema.content import type_name

PythonDefaults = Mapping[tuple[str, str], frozenset[str]]
"""By table and column, the ways in which SQL may spell a model's own default."""


@dataclass(frozen=True)
class Policy:
    """What of a difference counts, and what the engine takes for the same.

    Attributes:
        stated: `after` is what models state: what only the database has beyond that (tables,
            views, triggers, defaults, comments) is set apart. Else both are databases.
        names: The names of constraints and indexes count.
        options: Table options that only the database has count, since models can state all.
        fold_tables: Tables' names that differ in letter case alone are the same table.
        fold_columns: The same for columns.
        forward_references: A table may point at one that is made after it.
        type_key: What of a type's name counts, where models are compared: equal keys, one type.
        keys_hold_types: A column's type cannot change while a foreign key uses it.
        views_hold_types: Nor while a view, a trigger or a computed column does.
        alters_in_steps: A table's columns change one after the other, not all at once.
        ignore_tables: Tables that are no business of ours; `*` and `?` stand for any letters.
        dropped: Tables that no model speaks of, and that are to go, with their triggers.
        defaults: The models' own defaults, which a default of the database may repeat.
    """

    stated: bool = False
    names: bool = False
    options: bool = True
    fold_tables: bool = False
    fold_columns: bool = False
    forward_references: bool = False
    type_key: Callable[[str], str] = type_name
    keys_hold_types: bool = False
    views_hold_types: bool = False
    alters_in_steps: bool = False
    ignore_tables: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    defaults: PythonDefaults = field(default_factory=dict)
