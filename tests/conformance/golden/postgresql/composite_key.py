from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.drop_constraint("pair", "pair_pkey"),
        migrator.add_constraint("pair", "pair_pkey", SQL('PRIMARY KEY ("two", "one")')),
    )


def migrate_backward():
    migrate(
        migrator.drop_constraint("pair", "pair_pkey"),
        migrator.add_constraint("pair", "pair_pkey", SQL('PRIMARY KEY ("one", "two")')),
    )
