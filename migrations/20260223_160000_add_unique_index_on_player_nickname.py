"""Let no two players have the same nickname."""

from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    """Add a unique index. It fails, and changes nothing, where two players share a nickname."""
    migrate(
        migrator.add_index("player", ("nickname",), unique=True),
    )


def migrate_backward():
    """Remove it. An index is called after its table and columns, joined by underscores."""
    migrate(
        migrator.drop_index("player", "player_nickname"),
    )
