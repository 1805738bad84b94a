from playhouse.migrate import *

from migrations_config import db, migrator


class SerialField(Field):
    def ddl_datatype(self, ctx):
        return SQL("serial")


def migrate_forward():
    migrate(
        migrator.drop_constraint("pair", "pair_pkey"),
        migrator.add_column("pair", "id", SerialField(), allow_not_null=True),
        migrator.add_constraint("pair", "pair_pkey", SQL('PRIMARY KEY ("id")')),
        migrator.add_index("pair", ("one", "two"), unique=True),
    )


def migrate_backward():
    migrate(
        migrator.drop_index("pair", "pair_one_two"),
        migrator.drop_constraint("pair", "pair_pkey"),
        # loses the values of column id of table pair
        migrator.drop_column("pair", "id"),
        migrator.add_constraint("pair", "pair_pkey", SQL('PRIMARY KEY ("one", "two")')),
    )
