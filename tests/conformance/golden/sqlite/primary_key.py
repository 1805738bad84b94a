from playhouse.migrate import *

from migrations_config import db, migrator


def migrate_forward():
    migrate(
        migrator.redefine_table(
            "coach",
            """CREATE TABLE "coach" (
    "id" INTEGER NOT NULL,
    "name" VARCHAR(40) NOT NULL
)""",
        ),
        # loses the values of column id of table coach
        migrator.drop_column("coach", "id"),
        migrator.redefine_table(
            "coach",
            """CREATE TABLE "coach" (
    "name" VARCHAR(40) NOT NULL,
    PRIMARY KEY ("name")
)""",
        ),
    )


def migrate_backward():
    migrate(
        migrator.redefine_table(
            "coach",
            """CREATE TABLE "coach" (
    "name" VARCHAR(40) NOT NULL
)""",
        ),
        migrator.add_column("coach", "id", IntegerField(null=True)),
    )
    db.execute_sql('UPDATE "coach" SET "id" = rowid WHERE "id" IS NULL')
    migrate(
        migrator.add_not_null("coach", "id"),
        migrator.redefine_table(
            "coach",
            """CREATE TABLE "coach" (
    "name" VARCHAR(40) NOT NULL,
    "id" INTEGER NOT NULL,
    PRIMARY KEY ("id")
)""",
        ),
    )
