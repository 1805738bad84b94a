from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.alter_column_type("coach", "name", TextField()),
        migrator.redefine_table(
            "coach",
            """CREATE TABLE "coach" (
    "id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    PRIMARY KEY ("id")
) STRICT""",
        ),
    )


def migrate_backward():
    migrate(
        migrator.redefine_table(
            "coach",
            """CREATE TABLE "coach" (
    "id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    PRIMARY KEY ("id")
)""",
        ),
        # loses whatever of column name of table coach does not fit in VARCHAR(40) (it was TEXT)
        migrator.alter_column_type("coach", "name", CharField(max_length=40)),
    )
