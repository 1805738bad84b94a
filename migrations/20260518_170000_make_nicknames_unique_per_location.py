"""Let players share a nickname, as long as they are in different locations."""

from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    """Remove the unique index on one column, add one on two."""
    migrate(
        migrator.drop_index("player", "player_nickname"),
        migrator.add_index("player", ("nickname", "location_id"), unique=True),
    )


def migrate_backward():
    """Remove the composite index, add the old one. It fails where players share a nickname."""
    migrate(
        migrator.drop_index("player", "player_nickname_location_id"),
        migrator.add_index("player", ("nickname",), unique=True),
    )
