"""The lock beside the file, for a run that is no one transaction."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from support.databases import DatabaseUnderTest
from wheatear import Migrations, connect
from wheatear.engines.sqlite.lock import LockBeside
from wheatear.errors import WheatearError

FILE = """\
from migrations_config import db

atomic = False


def migrate_forward():
    db.execute_sql('CREATE TABLE a (x INTEGER)')
"""


def full(*_: Any) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_has_no_room_for_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (LockBeside(str(tmp_path / "a.db")) for _ in range(2))
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        assert one.take()
    assert not other.take()
    assert other.holder() == "another run of migrations"
    one.give_back()
    assert other.take()
    other.give_back()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_cannot_be_locked_can_be_tried_again(
    database: DatabaseUnderTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An application goes on, and tries again when there is room."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "20260101_000000_a.py").write_text(FILE)
    migrations = Migrations(connect(database.url), str(folder))
    with monkeypatch.context() as patched:
        patched.setattr("wheatear.engines.sqlite.lock._lock", full)
        with pytest.raises(WheatearError) as caught:
            migrations.migrate()
    assert "make room on the disk of the database" in str(caught.value)
    assert migrations.migrate(wait=1).done[0].step.name == "20260101_000000_a"
