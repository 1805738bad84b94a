"""Remove the lore of items: nobody wrote any."""

from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    """Remove the column, with whatever is in it."""
    migrate(
        migrator.drop_column("item", "lore"),
    )


def migrate_backward():
    """Add it again, empty."""
    migrate(
        migrator.add_column("item", "lore", CharField(max_length=200, default="")),
    )
