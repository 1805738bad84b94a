"""Change an item's weight from a word to a number of grams.

The column is dropped and added with its new type, as nothing in the words says how many grams they
are: every item weighs 100 g until the game's author says otherwise.
"""

from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    """Drop the words, add the numbers."""
    migrate(
        migrator.drop_column("item", "weight"),
        migrator.add_column("item", "weight", IntegerField(default=100)),
    )


def migrate_backward():
    """Drop the numbers, add the words: every item is `light` again."""
    migrate(
        migrator.drop_column("item", "weight"),
        migrator.add_column("item", "weight", CharField(max_length=20, default="light")),
    )
