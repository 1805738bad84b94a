"""Where each migration stands: a look at files and history, without a lock."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from wheatear import plan
from wheatear.engines.waiting import Waiting
from wheatear.files import Listing, MigrationFile, defines, list_files
from wheatear.history import History
from wheatear.project import Project
from wheatear.records import Record

if TYPE_CHECKING:
    from wheatear.journal.reading import Stands
    from wheatear.schema.words import Difference


class MigrationStatus(NamedTuple):
    """Where one migration stands, for people and for JSON."""

    name: str
    state: plan.State
    applied_at: str | None = None
    seconds: float | None = None
    run_by: str | None = None
    running: bool = False
    """Another runner is at it right now, and has changed something."""
    direction: str | None = None
    """Of an interrupted one: the way it was going."""
    statements: tuple[str, ...] = ()
    """Of an interrupted one: what took effect, oldest first."""
    error: str | None = None
    accepted: bool = False
    """Of a missing one: somebody has said that this is all right."""
    derived: bool = False
    """It has no migrate_backward(): `migrate --backward` goes by what its record says it did."""
    in_flight: str | None = None
    """Of an interrupted one: the statement of which nobody knows whether it took effect."""
    resumable: bool = False
    """Of an interrupted one: `migrate` can go on from there."""


class Status(NamedTuple):
    """A project and its database at one moment.

    Attributes:
        database: Its URL, the password masked.
        migrations: By file, then those without a file.
        drift: Differences between the database and what the migrations made of it.
        warnings: What in the folder looks like a mistake.
    """

    database: str
    migrations: tuple[MigrationStatus, ...]
    drift: tuple[Difference, ...] = ()
    warnings: tuple[str, ...] = ()

    def names(self, *states: plan.State) -> list[str]:
        """Return the names of the migrations in one of these states."""
        return [one.name for one in self.migrations if one.state in states]

    @property
    def is_sound(self) -> bool:
        """Whether all is applied and as it was, or accepted as it is."""
        return not self.drift and all(
            one.state == "applied" or (one.state == "missing" and one.accepted)
            for one in self.migrations
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what `status --json` prints."""
        return {
            "database": self.database,
            "migrations": [
                {
                    "name": one.name,
                    "state": one.state,
                    "applied_at": one.applied_at,
                    "seconds": one.seconds,
                    "run_by": one.run_by,
                    "running": one.running,
                    "direction": one.direction,
                    "statements": list(one.statements),
                    "error": one.error,
                    "accepted": one.accepted,
                    "derived": one.derived,
                    "in_flight": one.in_flight,
                    "resumable": one.resumable,
                }
                for one in self.migrations
            ],
            "drift": [one.to_dict() for one in self.drift],
            "warnings": list(self.warnings),
        }


def read_status(project: Project, waiting: Waiting) -> Status:
    """Look at a project; its database is not created, nor changed.

    Args:
        project: The project.
        waiting: How long to wait if others keep the database from being read.

    Raises:
        DatabaseUnavailableError: The database is not there or refuses the login.
        MigrationFileError: A file cannot be read.
    """
    listing = list_files(project.folder)
    if not project.engine.exists():
        return _status(project, listing, [])
    with project.engine.opened(waiting):
        history = History(project.engine, waiting)
        records = history.read()
        unfinished = any(one.outcome == "running" for one in records)
        running = unfinished and project.engine.is_running_elsewhere()
        stopped = [one.id for one in records if one.outcome in ("running", "interrupted")]
        journals = _journals(history, stopped) if stopped else {}
        drift = _drift(project, history, waiting) if records else ()
        recorded = history.recorded() if records else set()
    found = _status(project, listing, records, journals, running=running, recorded=recorded)
    return found._replace(drift=drift)


def _journals(history: History, records: Sequence[int]) -> Mapping[int, Stands]:
    from wheatear.journal.reading import where_it_stands  # noqa: PLC0415 - seldom there is one

    found = {record: where_it_stands(history, record) for record in records}
    return {record: stands for record, stands in found.items() if stands is not None}


def _drift(project: Project, history: History, waiting: Waiting) -> tuple[Difference, ...]:
    from wheatear.drift import find_drift  # noqa: PLC0415 - nothing to compare without a history

    ignored = project.ignore_tables
    return project.engine.patiently(lambda: find_drift(project.engine, history, ignored), waiting)


def _is_derived(
    standing: plan.Standing, files: dict[str, MigrationFile], recorded: Collection[int]
) -> bool:
    """Whether its way back follows from its record."""
    if standing.applied is None or standing.applied.id not in recorded:
        return False
    file = files.get(standing.name)
    return file is None or not defines(file, "migrate_backward")


def _status(
    project: Project,
    listing: Listing,
    records: list[Record],
    journals: Mapping[int, Stands] | None = None,
    *,
    running: bool = False,
    recorded: Collection[int] = (),
) -> Status:
    by_id = {record.id: record for record in records}
    standings = plan.standings(listing.files, records)
    files = {file.name: file for file in listing.files}
    migrations = tuple(
        _of(standing, by_id, journals or {}, running=running)._replace(
            derived=_is_derived(standing, files, recorded)
        )
        for standing in standings
    )
    return Status(project.url, migrations, warnings=listing.warnings)


def _of(
    standing: plan.Standing,
    records: Mapping[int, Record],
    journals: Mapping[int, Stands],
    *,
    running: bool,
) -> MigrationStatus:
    applied = records.get(standing.applied.id) if standing.applied else None
    stopped = records.get(standing.interrupted.id) if standing.interrupted else None
    if stopped and running:
        # Somebody is at it: it stands where it stood before they began.
        return MigrationStatus(
            standing.name, "applied" if applied else "pending", running=True,
            direction=stopped.direction,
        )  # fmt: skip
    stands = journals.get(stopped.id) if stopped else None
    return MigrationStatus(
        standing.name,
        standing.state,
        applied_at=applied.started_at if applied else None,
        seconds=applied.seconds if applied else None,
        run_by=(stopped or applied).run_by if stopped or applied else None,  # type: ignore[union-attr]
        direction=stopped.direction if stopped else None,
        statements=stands.done if stands else stopped.statements if stopped else (),
        error=stopped.error if stopped else None,
        accepted=standing.accepted,
        in_flight=stands.in_flight if stands else None,
        resumable=stands is not None,
    )
