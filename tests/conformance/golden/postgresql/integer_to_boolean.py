from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.drop_constraint("player", "player_rank_check"),
        migrator.drop_column_default("player", "rank"),
        # loses whatever of column rank of table player does not fit in boolean (it was integer)
        migrator.alter_column_type(
            "player", "rank", BooleanField(), cast='"rank" <> 0'
        ),
        migrator.add_column_default("player", "rank", SQL("true")),
    )


def migrate_backward():
    migrate(
        migrator.drop_column_default("player", "rank"),
        # loses whatever of column rank of table player does not fit in integer (it was boolean)
        migrator.alter_column_type(
            "player", "rank", IntegerField(), cast='"rank"::integer::integer'
        ),
        migrator.add_column_default("player", "rank", 3),
        migrator.add_constraint("player", "player_rank_check", Check("(rank < 100)")),
    )
