"""Find a player's newest messages without reading all of them."""

from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    """Add a composite index. A foreign key's column is called after its field, with `_id`."""
    migrate(
        migrator.add_index("message", ("recipient_id", "sent_at")),
    )


def migrate_backward():
    """Remove it."""
    migrate(
        migrator.drop_index("message", "message_recipient_id_sent_at"),
    )
