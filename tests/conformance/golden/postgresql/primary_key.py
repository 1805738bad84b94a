from playhouse.migrate import *

from migrations_config import db, migrator


class SerialField(Field):
    def ddl_datatype(self, ctx):
        return SQL("serial")


def migrate_forward():
    migrate(
        migrator.drop_constraint("coach", "coach_pkey"),
        # loses the values of column id of table coach
        migrator.drop_column("coach", "id"),
        migrator.add_constraint("coach", "coach_pkey", SQL('PRIMARY KEY ("name")')),
    )


def migrate_backward():
    migrate(
        migrator.drop_constraint("coach", "coach_pkey"),
        migrator.add_column("coach", "id", SerialField(), allow_not_null=True),
        migrator.add_constraint("coach", "coach_pkey", SQL('PRIMARY KEY ("id")')),
    )
