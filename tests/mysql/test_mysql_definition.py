"""SHOW CREATE TABLE cut into entries and put together again; MySQL 8's spelling by example."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheatear.engines.mysql.clauses import ColumnClauses
from wheatear.engines.mysql.definition import Definition, differences
from wheatear.engines.mysql.literals import literal, respelled
from wheatear.engines.mysql.session import Server
from wheatear.engines.mysql.tokens import names_in, quoted, tokens, unquoted

# As MySQL 8.0 prints it (https://dev.mysql.com/doc/refman/8.0/en/show-create-table.html).
MYSQL_8 = r"""CREATE TABLE `t` (
  `id` int NOT NULL AUTO_INCREMENT,
  `u` binary(16) NOT NULL DEFAULT (uuid_to_bin(uuid())),
  `j` json DEFAULT (json_array()),
  `g` varchar(20) COLLATE utf8mb4_bin GENERATED ALWAYS AS (concat(`j`,_utf8mb4', )')) VIRTUAL NOT NULL,
  `h` int DEFAULT '5' /*!80023 INVISIBLE */ COMMENT 'it''s, (NOT NULL',
  `p` point NOT NULL /*!80003 SRID 4326 */,
  `ts` timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq` (`h` DESC,(lower(`g`))),
  KEY `inv` (`u`(4)) /*!80000 INVISIBLE */ COMMENT 'c, d',
  SPATIAL KEY `p` (`p`),
  CONSTRAINT `fk` FOREIGN KEY (`h`) REFERENCES `o`.`x` (`a`, `b`) ON DELETE SET NULL,
  CONSTRAINT `t_chk_1` CHECK ((`h` > 0)) /*!80016 NOT ENFORCED */
) ENGINE=InnoDB AUTO_INCREMENT=17 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci
/*!50100 PARTITION BY HASH (`id`)
PARTITIONS 4 */"""


def test_mysql_8() -> None:
    definition = Definition.parse(MYSQL_8)
    assert definition.table == "t"
    assert list(definition.columns) == ["id", "u", "j", "g", "h", "p", "ts"]
    assert list(definition.keys) == ["PRIMARY", "uq", "inv", "p"]
    assert definition.key_columns("uq") == ("h", "g")
    assert list(definition.foreign_keys()) == [
        ("fk", ("h",), "FOREIGN KEY (`h`) REFERENCES `o`.`x` (`a`, `b`) ON DELETE SET NULL")
    ]
    assert dict(definition.checks()) == {"t_chk_1": "CHECK ((`h` > 0)) /*!80016 NOT ENFORCED */"}
    assert "AUTO_INCREMENT" not in definition.options
    assert definition.options.endswith("PARTITIONS 4 */")
    for column, sql in definition.columns.items():
        assert str(definition.column(column)) == sql
    h = definition.column("h")
    assert str(h.not_null()) == (
        "int NOT NULL DEFAULT '5' /*!80023 INVISIBLE */ COMMENT 'it''s, (NOT NULL'"
    )
    assert definition.column("u").default == "(uuid_to_bin(uuid()))"
    assert not definition.column("g").null
    assert str(definition.column("ts").not_null()) == (
        "timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"
    )


def test_the_type_changes_and_the_rest_stays() -> None:
    column = ColumnClauses.parse("datetime(3) NOT NULL DEFAULT current_timestamp(3) COMMENT 'x'")
    assert (
        str(column.of_type("DATETIME")) == "DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP COMMENT 'x'"
    )
    text = ColumnClauses.parse("varchar(9) CHARACTER SET latin1 COLLATE latin1_bin DEFAULT 'a'")
    assert str(text.of_type("TEXT")) == "TEXT CHARACTER SET latin1 COLLATE latin1_bin DEFAULT 'a'"
    assert str(text.of_type("BLOB")) == "BLOB DEFAULT 'a'"


def test_differences_are_named() -> None:
    one = Definition.parse(
        "CREATE TABLE `t` (\n `a` int DEFAULT NULL,\n `b` int,\n KEY `k` (`a`)\n) ENGINE=X"
    )
    other = Definition.parse(
        "CREATE TABLE `t` (\n `b` int,\n `a` int,\n `c` int,\n KEY `k` (`b`)\n) ENGINE=Y"
    )
    assert differences(one, one.with_column("a", None)) == []
    assert differences(one, other) == [
        "column `c` is new: int",
        "`k` KEY `k` (`a`) is now KEY `k` (`b`)",
        "ENGINE=X is now ENGINE=Y",
    ]


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("10.11.6-MariaDB-0+deb12u1", Server(True, (10, 11, 6))),
        ("5.5.5-10.4.2-MariaDB", Server(True, (10, 4, 2))),
        ("8.0.36-log", Server(False, (8, 0, 36))),
    ],
)
def test_servers(text: str, server: Server) -> None:
    assert Server.parse(text) == server
    assert server.renames_columns is (server.version != (10, 4, 2))


@given(st.text())
def test_tokens_are_the_text(text: str) -> None:
    assert "".join(token.text for token in tokens(text)) == text


@given(st.text(min_size=1))
def test_names_are_read_back(name: str) -> None:
    (token,) = tokens(quoted(name))
    assert token.kind == "name"
    assert unquoted(token.text) == name
    assert name.lower() in names_in(f"CHECK ({quoted(name)} > 'a `b` c')")


@given(st.text())
def test_a_literal_is_one_string_and_respelled_means_the_same(value: str) -> None:
    (token,) = tokens(literal(value))
    assert token.kind == "string"
    assert respelled(literal(value)) == literal(value, backslash=False)
