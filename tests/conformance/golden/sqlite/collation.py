from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.redefine_table(
            "coach",
            """CREATE TABLE "coach" (
    "id" INTEGER NOT NULL,
    "name" VARCHAR(40) COLLATE NOCASE NOT NULL,
    PRIMARY KEY ("id")
)""",
        ),
    )


def migrate_backward():
    migrate(
        migrator.redefine_table(
            "coach",
            """CREATE TABLE "coach" (
    "id" INTEGER NOT NULL,
    "name" VARCHAR(40) NOT NULL,
    PRIMARY KEY ("id")
)""",
        ),
    )
