"""The README's "Start your own", followed to the letter by somebody who has only the README."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from support.databases import DatabaseUnderTest

README = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")
WRITTEN = README.partition("\n## Let it be written\n")[2].partition("\n## ")[0]
SECTION = README.partition("\n## Start your own\n")[2].partition("\n## ")[0]


def blocks(section: str, language: str) -> list[str]:
    found = re.findall(r"```(\w+)\n(.*?)```", section, re.DOTALL)
    return [text for its, text in found if its == language]


def lines(section: str) -> list[list[str]]:
    return [
        [line[2:] for line in text.splitlines() if line.startswith("$ uv run ")]
        for text in blocks(section, "console")
    ]


PYTHON = blocks(SECTION, "python")
CONSOLE = lines(SECTION)
AS_INSTALLED = {
    "wheatear": [sys.executable, "-m", "wheatear"],
    "manage_migrations.py": [sys.executable, "manage_migrations.py"],
}


def test_start_your_own(database: DatabaseUnderTest, tmp_path: Path) -> None:
    project = tmp_path / "adventure"
    project.mkdir()

    def follow(line: str, told: str = "") -> str:
        program, *words = shlex.split(line)[2:]
        done = subprocess.run(
            [*AS_INSTALLED[program], *words],
            cwd=project,
            env={**os.environ, "DATABASE_URL": database.url},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr.startswith(told), line
        assert bool(done.stderr) is bool(told), line
        return done.stdout

    begin, then, _ = CONSOLE
    for line in begin:
        follow(line)
    files = sorted((project / "migrations").glob("*.py"))
    names = [path.stem for path in files]
    assert [name[16:] for name in names] == ["create_player", "add_experience"]
    for path, text in zip(files, PYTHON, strict=True):
        path.write_text(text)
    migrate, status, backward = then
    applied = [line.split("  ")[1] for line in follow(migrate).splitlines()]
    assert applied == [f"applied {name}" for name in names]
    assert columns(database) == ["id", "name", "experience"]
    assert follow(status).count("\napplied ") == 2
    assert follow(backward).startswith(f"  reverted {names[1]}  ")
    assert columns(database) == ["id", "name"]
    # Let it be written
    with (project / "migrations_config.py").open("a") as config:
        config.write('models = "game"\n')
    (model,) = blocks(WRITTEN, "python")
    (project / "game.py").write_text(model)
    ((apply, create, again, diff),) = lines(WRITTEN)
    follow(apply)
    told = "column player.level is only in the models"
    assert follow(create, told).startswith("created migrations/")
    follow(again)
    assert columns(database) == ["id", "name", "experience", "level"]
    assert follow(diff).endswith("the database is what the models say.\n")


def columns(database: DatabaseUnderTest) -> list[str]:
    db = database.connect()
    with db.connection_context():
        return [column.name for column in db.get_columns("player")]
