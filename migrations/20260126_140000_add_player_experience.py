"""Add experience to players.

The column is NOT NULL, so it has a default for the players that are there already.
"""

from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    """Add the column."""
    migrate(
        migrator.add_column("player", "experience", IntegerField(default=0)),
    )


def migrate_backward():
    """Remove it, with the experience that was gained."""
    migrate(
        migrator.drop_column("player", "experience"),
    )
