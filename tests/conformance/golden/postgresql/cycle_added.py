from playhouse.migrate import *

from migrations_config import db, migrator


class Hen(Model):
    egg_id = IntegerField(null=True, index=True)

    class Meta:
        database = db
        table_name = "hen"


class Egg(Model):
    hen = ForeignKeyField(Hen, null=True, constraint_name="fk_egg_hen_id_refs_hen")

    class Meta:
        database = db
        table_name = "egg"


def migrate_forward():
    db.create_tables([Hen, Egg])
    migrate(
        migrator.add_foreign_key_constraint(
            "hen",
            "egg_id",
            "egg",
            "id",
            on_delete="CASCADE",
            constraint_name="hen_egg_id_fkey",
        ),
    )


def migrate_backward():
    migrate(
        migrator.drop_constraint("hen", "hen_egg_id_fkey"),
        # loses all rows of table egg
        migrator.drop_table("egg"),
        # loses all rows of table hen
        migrator.drop_table("hen"),
    )
