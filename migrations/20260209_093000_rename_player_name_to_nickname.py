"""Rename a player's name to what it is: a nickname."""

from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    """Rename the column; its values stay."""
    migrate(
        migrator.rename_column("player", "name", "nickname"),
    )


def migrate_backward():
    """Give it its old name."""
    migrate(
        migrator.rename_column("player", "nickname", "name"),
    )
