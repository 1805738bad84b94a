from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.redefine_table(
            "pair",
            """CREATE TABLE "pair" (
    "one" INTEGER NOT NULL,
    "two" INTEGER NOT NULL
)""",
        ),
        migrator.add_column("pair", "id", IntegerField(null=True)),
    )
    db.execute_sql('UPDATE "pair" SET "id" = rowid WHERE "id" IS NULL')
    migrate(
        migrator.add_not_null("pair", "id"),
        migrator.redefine_table(
            "pair",
            """CREATE TABLE "pair" (
    "one" INTEGER NOT NULL,
    "two" INTEGER NOT NULL,
    "id" INTEGER NOT NULL,
    PRIMARY KEY ("id")
)""",
        ),
        migrator.add_index("pair", ("one", "two"), unique=True),
    )


def migrate_backward():
    migrate(
        migrator.drop_index("pair", "pair_one_two"),
        migrator.redefine_table(
            "pair",
            """CREATE TABLE "pair" (
    "one" INTEGER NOT NULL,
    "two" INTEGER NOT NULL,
    "id" INTEGER NOT NULL
)""",
        ),
        # loses the values of column id of table pair
        migrator.drop_column("pair", "id"),
        migrator.redefine_table(
            "pair",
            """CREATE TABLE "pair" (
    "one" INTEGER NOT NULL,
    "two" INTEGER NOT NULL,
    PRIMARY KEY ("one", "two")
)""",
        ),
    )
