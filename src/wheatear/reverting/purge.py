"""Removes for good what is kept aside, once it is older than a given age."""

from __future__ import annotations

from datetime import timedelta

from wheatear.engines.waiting import Waiting
from wheatear.project import Project
from wheatear.reverting.aside import Kept, KeptAside


def purge(
    project: Project, older_than: timedelta, waiting: Waiting, *, dry_run: bool
) -> list[Kept]:
    """Remove it, while no migration runs; see `Migrations.purge`."""
    engine = project.engine
    if not engine.exists():
        return []
    with engine.opened(waiting):
        kept = KeptAside(engine)
        if dry_run or not engine.patiently(lambda: kept.older_than(older_than), waiting):
            return kept.older_than(older_than)
        with engine.exclusively(waiting):
            found = kept.older_than(older_than)
            for one in found:
                kept.remove(one.id)
            return found
