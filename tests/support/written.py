"""Changes written as a migration, and the migration run."""

from __future__ import annotations

import contextlib
import sys
import types
from collections.abc import Iterator, Sequence
from typing import Any

from wheatear.engines.operations import rebind
from wheatear.engines.waiting import Waiting
from wheatear.schema.changes import Change
from wheatear.schema.model import Schema
from wheatear.schema.writer import Body, body, indented

WAITING = Waiting(20.0, lambda _: None)


def migration(
    changes: Sequence[Change],
    before: Schema,
    after: Schema,
    spelling: Any,
    fills: dict[tuple[str, str], str] | None = None,
) -> str:
    """The whole file, there and back."""
    there = body(changes, before, after, spelling, fills=fills)
    inverses = [change.inverse for change in reversed(changes)]
    back = body(inverses, after, before, spelling, known=there.definitions)
    return file_of(there, back)


def file_of(there: Body, back: Body) -> str:
    imports = dict.fromkeys((*there.imports, *back.imports))
    text = "".join(f"{line}\n" for line in imports)
    text += "from playhouse.migrate import *\n\nfrom migrations_config import db, migrator\n"
    for block in (*there.definitions, *back.definitions):
        text += f"\n\n{block}\n"
    for name, one in (("migrate_forward", there), ("migrate_backward", back)):
        lines = "\n".join(indented(one.lines or ("pass",)))
        text += f"\n\ndef {name}():\n{lines}\n"
    return text


def run(engine: Any, text: str, function: str) -> None:
    """Run one function of a migration as a runner does, on the engine's open connection."""
    module = types.ModuleType("a_migration")
    config = types.ModuleType("migrations_config")
    config.__dict__.update(db=engine.db, migrator=engine.migrator())
    before = sys.modules.get("migrations_config")
    sys.modules["migrations_config"] = config
    try:
        exec(compile(text, "a_migration.py", "exec"), module.__dict__)
        rebind(module)
        with engine.exclusively(WAITING):
            getattr(module, function)()
    finally:
        del sys.modules["migrations_config"]
        if before is not None:
            sys.modules["migrations_config"] = before


@contextlib.contextmanager
def opened(engine: Any) -> Iterator[Any]:
    with engine.opened(WAITING):
        yield engine
