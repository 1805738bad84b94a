"""Whatever a migration asks for the time or for chance is told the same when it runs once more."""

from __future__ import annotations

import pytest

from support import reading
from support.dying import applied
from support.projects import Project

PLAYERS = """
    sql('CREATE TABLE player (id INTEGER PRIMARY KEY, name VARCHAR(20))')
    for number in range(6):
        sql(f"INSERT INTO player VALUES ({number}, 'p')")
"""
NOW = "datetime.datetime.now"


@pytest.mark.parametrize("default", [NOW, "datetime.datetime.today", "datetime.datetime.utcnow"])
def test_a_default_of_an_operation(project: Project, default: str) -> None:
    body = f"""{PLAYERS}
    migrate(migrator.add_column('player', 'at', DateTimeField(default={default})))
    die()
    sql('CREATE TABLE done (x INTEGER)')
    """
    applied(project, body)
    assert reading.execute(project.url, "SELECT count(at) FROM player") == [(6,)]


def test_a_default_of_a_column_default(project: Project) -> None:
    body = f"""{PLAYERS}
    migrate(migrator.add_column('player', 'at', DoubleField(null=True)))
    migrate(migrator.add_column_default('player', 'at', time.time))
    die()
    sql('CREATE TABLE done (x INTEGER)')
    """
    applied(project, body)


MODEL = """\
class Player(Model):
    name = CharField()
    at = DateTimeField(default={default})

    class Meta:
        database = db
"""


@pytest.mark.parametrize("where", ["module", "function"])
def test_a_default_of_its_own_model(project: Project, where: str) -> None:
    model = MODEL.format(default=NOW)
    inside = "" if where == "module" else "".join(f"    {line}\n" for line in model.splitlines())
    body = f"""{inside}
    Player.create_table()
    Player.create(name='ann')
    Player.insert(name='bob').execute()
    Player.insert_many([{{'name': 'cy'}}]).execute()
    die()
    Player.create(name='dan')
    """
    applied(project, body, model if where == "module" else "")
    found = reading.execute(project.url, "SELECT name FROM player ORDER BY name")
    assert found == [("ann",), ("bob",), ("cy",), ("dan",)]


ASKS = [
    "time.strftime('%Y %f')",
    "time.strftime('%H:%M:%S')",
    "tuple(time.localtime())",
    "tuple(time.gmtime())",
    "time.ctime()",
    "time.asctime()",
    "uuid.uuid1()",
    "uuid.uuid1().time",
    "random.Random().random()",
    "random.Random(None).random()",
    "random.SystemRandom().random()",
    "(random.seed(), random.random())",
]


def test_all_that_may_be_asked(project: Project) -> None:
    """The clock moves on by more than a second, which the coarsest of them tells."""
    asked = "\n".join(
        f"    sql('INSERT INTO a VALUES (' + db.param + ')', str({ask}))" for ask in ASKS
    )
    body = f"""
    sql('CREATE TABLE a (x VARCHAR(100))')
{asked}
    if not os.path.exists('died'):
        time.sleep(1.1)
    die()
{asked}
    """
    applied(project, body)
    assert len(reading.rows(project.url, "a")) == 2 * len(ASKS)
