"""The text of a new migration, and writing it where no file is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from wheatear.create.names import next_prefix, says_nothing, sound_name
from wheatear.errors import WheatearError
from wheatear.files import list_files
from wheatear.schema.writer import Body, indented

_TEXT = '''\
"""{title}."""

from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    """Apply the change."""
    # migrate(
    #     migrator.add_column('player', 'experience', IntegerField(default=0)),
    #     migrator.rename_column('player', 'name', 'nickname'),
    #     migrator.add_index('player', ('nickname', 'experience'), unique=True),
    # )
    #
    # A new table: declare its model here, frozen as it is today.
    #
    # class Item(Model):
    #     name = CharField(unique=True)
    #
    #     class Meta:
    #         database = db
    #         table_name = 'item'
    #
    # db.create_tables([Item])


def migrate_backward():
    """Undo it, in the opposite order."""
    # migrate(
    #     migrator.drop_index('player', 'player_nickname_experience'),
    #     migrator.rename_column('player', 'nickname', 'name'),
    #     migrator.drop_column('player', 'experience'),
    # )
    #
    # db.drop_tables([Item])
'''


_STAR = "from playhouse.migrate import *"
_FORWARD = '"""Make the database what the models say."""'
_BACKWARD = '"""Undo it, in the opposite order."""'


@dataclass(frozen=True)
class Created:
    """A new migration file.

    Attributes:
        path: Where it is.
        warnings: What is not well with its name.
    """

    path: Path
    warnings: tuple[str, ...] = ()


def create_migration(folder: Path, words: str, text: str | None = None) -> Created:
    """Write a new migration with both functions.

    Args:
        folder: The migrations' folder; made if it is not there.
        words: What the migration does, in any form.
        text: What stands in it; None leaves both functions to be filled in.

    Returns:
        The file, and warnings.

    Raises:
        UsageError: The words hold no letter or digit.
        WheatearError: The folder cannot be written.
    """
    name = sound_name(words)
    warnings = []
    if says_nothing(name):
        warnings.append(
            f"the name {name!r} does not say what the migration does; something like "
            "add_player_experience helps whoever reads the folder"
        )
    if text is None:
        text = _TEXT.format(title=_title(name))
    return Created(_write(folder, name, text), tuple(warnings))


def written(name: str, forward: Body, backward: Body) -> str:
    """The text of a migration that does something, laid out as `ruff format` leaves it.

    Args:
        name: Its sound name.
        forward: What `migrate_forward` needs.
        backward: What `migrate_backward` needs beside that.
    """
    imports = {_STAR, *forward.imports, *backward.imports}
    blocks = [
        f'"""{_title(name)}."""\n\n'
        + "\n".join(sorted(imports, key=lambda line: (line.startswith("from"), line)))
        + "\n\nfrom migrations_config import db, migrator",
        *forward.definitions,
        *backward.definitions,
        _function("migrate_forward", _FORWARD, forward),
        _function("migrate_backward", _BACKWARD, backward),
    ]
    return "\n\n\n".join(blocks) + "\n"


def _function(name: str, docstring: str, its: Body) -> str:
    return "\n".join([f"def {name}():", *indented([docstring, *its.lines])])


def _title(name: str) -> str:
    title = name.replace("_", " ")
    return title[0].upper() + title[1:]


def _write(folder: Path, name: str, text: str) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        while True:
            path = folder / f"{next_prefix(list_files(str(folder)).files)}_{name}.py"
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            if _is_last_of_its_time(folder, path):
                return path
            # Another `create` took the same second: the one whose name sorts later moves on.
            path.unlink()
    except OSError as error:
        raise WheatearError(
            f"Cannot write a migration into {folder}: {error.strerror}.",
            state="nothing was written.",
            next="check that this user may write there, and that the disk is not full.",
        ) from error


def _is_last_of_its_time(folder: Path, path: Path) -> bool:
    files = list_files(str(folder)).files
    own = next(file for file in files if file.name == path.stem)
    twins = [file.name for file in files if file.order == own.order]
    return own.name == min(twins)
