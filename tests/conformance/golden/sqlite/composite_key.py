from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.redefine_table(
            "pair",
            """CREATE TABLE "pair" (
    "one" INTEGER NOT NULL,
    "two" INTEGER NOT NULL,
    PRIMARY KEY ("two", "one")
)""",
        ),
    )


def migrate_backward():
    migrate(
        migrator.redefine_table(
            "pair",
            """CREATE TABLE "pair" (
    "one" INTEGER NOT NULL,
    "two" INTEGER NOT NULL,
    PRIMARY KEY ("one", "two")
)""",
        ),
    )
