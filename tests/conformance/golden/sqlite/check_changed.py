from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.drop_constraint("player", Check("code <> ''")),
        migrator.add_constraint("player", None, Check("code <> 'x'")),
    )


def migrate_backward():
    migrate(
        migrator.drop_constraint("player", Check("code <> 'x'")),
        migrator.add_constraint("player", None, Check("code <> ''")),
    )
