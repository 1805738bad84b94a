"""URLs are shown without their passwords, whatever those hold."""

from __future__ import annotations

import json
from urllib.parse import quote

import peewee
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheatear.masking import Mask
from wheatear.urls import masked, secrets_of, url_of

passwords = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=6)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:secret@h:5432/d", "postgresql://u:***@h:5432/d"),
        ("postgresql://u@h:5432/d", "postgresql://u@h:5432/d"),
        ("postgresql://h:5432/d", "postgresql://h:5432/d"),
        ("postgresql://h:5432/d?sslmode=require", "postgresql://h:5432/d?sslmode=require"),
        ("postgresql://u:p@ss@h/d", "postgresql://u:***@h/d"),
        ("postgresql://u:p/ss@h/d", "postgresql://u:***@h/d"),
        ("postgresql://u:p:ss#?@h/d", "postgresql://u:***@h/d"),
        ("postgresql://u:secret/d", "postgresql://u:***/d"),
        ("postgresql://h/d?user=u&password=secret&x=1", "postgresql://h/d?user=u&password=***&x=1"),
        ("mysql://h/d?passwd=secret", "mysql://h/d?passwd=***"),
        ("host=h dbname=d password=secret user=u", "host=h dbname=d password=*** user=u"),
        ("host=h password = 'se cret\\' x' user=u", "host=h password = *** user=u"),
        ("sqlite:///app.db", "sqlite:///app.db"),
        ("app.db", "app.db"),
    ],
)
def test_masked(url: str, shown: str) -> None:
    assert masked(url) == shown
    assert masked(shown) == shown


@given(passwords)
def test_any_encoded_password_is_masked(password: str) -> None:
    url = f"mysql://user:{quote(password, safe='')}@host:3306/name"
    assert masked(url) == "mysql://user:***@host:3306/name"


@given(passwords)
def test_no_password_is_shown(password: str) -> None:
    """As it is, percent-encoded, as JSON writes it, as a traceback writes it."""
    db = peewee.MySQLDatabase("name", user="user", password=password, host="host")
    shown = url_of(db)
    assert shown == "mysql://user:***@host/name"
    mask = Mask(secrets_of(db), public=shown)
    forms = quote(password, safe=""), json.dumps(password, ensure_ascii=False)[1:-1]
    for form in (password, repr(password)[1:-1], *forms):
        if form not in shown:
            text = mask.foreign(f"cannot use <{form}> here")
            assert form not in text or form in "cannot use <***> here"
            text = mask(f"cannot use password={form}")
            assert form not in text or form in "cannot use password=***"


@pytest.mark.parametrize("password", ["player", "x", "experience", "s3c-ret"])
@pytest.mark.parametrize(
    "text",
    [
        "postgresql://u:{}@h:5432/d?x=1",
        "postgresql://u:{}/d",
        "cannot reach mysql://root:{}@h/d.",
        "host=h password={} user=u",
        "host=h password = '{}' user=u",
        '{{"user": "u", "password": "{}"}}',
        "connect(passwd='{}')",
        "os.environ.setdefault('PGPASSWORD', '{}')",
        "CREATE USER u IDENTIFIED BY '{}'",
        'CREATE USER u IDENTIFIED WITH sha256 BY "{}"',
        "ALTER ROLE u PASSWORD '{}'",
        "SET PASSWORD FOR u = PASSWORD('{}')",
    ],
)
def test_a_password_is_hidden_where_passwords_stand(password: str, text: str) -> None:
    mask = Mask([password], public="postgresql://u:***@h/d")
    assert mask(text.format(password)) == text.format("***")


@pytest.mark.parametrize(
    "text",
    [
        "column player.x is only in the models",
        'ALTER TABLE "player" ADD COLUMN "x" INTEGER',
        "ALTER TABLE `player` ADD COLUMN `x` INTEGER",
        "if x: player",
        "migrator.add_column('player', \"x\", IntegerField())",
        "--rename hero:player player:x",
        "the user of player@x",
    ],
)
def test_a_password_that_is_an_ordinary_word_leaves_the_rest_alone(text: str) -> None:
    mask = Mask(["player", "x"], public="postgresql://u:***@h/d")
    assert mask(text) == text


def test_a_password_that_can_hardly_be_a_name_is_hidden_anywhere() -> None:
    mask = Mask(["hunter22"], public="postgresql://u:***@h/d")
    assert mask("column hunter22.x, my_hunter22") == "column ***.x, my_***"


def test_a_password_in_a_statement_is_hidden_in_quoted_texts() -> None:
    mask = Mask(["player"], public="postgresql://u:***@h/d")
    sql = "INSERT INTO \"player\" VALUES ('player', 'it''s player', 'players') -- player"
    assert mask.statement(sql) == (
        "INSERT INTO \"player\" VALUES ('***', 'it''s ***', 'players') -- player"
    )


def test_a_password_in_a_drivers_words_is_hidden_as_any_word() -> None:
    mask = Mask(["player"], public="postgresql://u:***@h/d")
    assert mask.foreign('no host "player", players') == 'no host "***", players'
    said = 'relation "player" does not exist: `player` or player'
    assert mask.foreign(said, names=True) == 'relation "player" does not exist: `player` or ***'


def test_a_password_that_is_public_is_none() -> None:
    mask = Mask(["postgres", ""], public="postgresql://postgres:***@h/d")
    assert mask("postgresql://postgres@h/d") == "postgresql://postgres@h/d"
    assert mask.foreign("no role postgres") == "no role postgres"


def test_url_of_what_peewee_takes() -> None:
    assert url_of(peewee.SqliteDatabase("app.db")) == "sqlite:///app.db"
    assert url_of(peewee.SqliteDatabase("file:app.db?mode=ro", uri=True)) == "file:app.db?mode=ro"
    assert url_of(peewee.PostgresqlDatabase("d", user="a b", port=1)) == (
        "postgresql://a%20b@localhost:1/d"
    )
    assert url_of(peewee.PostgresqlDatabase("postgresql://u:secret@h/d")) == (
        "postgresql://u:***@h/d"
    )
    dsn = peewee.PostgresqlDatabase("host=h password=secret")
    assert url_of(dsn) == "host=h password=***"
    assert "secret" in secrets_of(dsn)
