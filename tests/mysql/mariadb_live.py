"""The oracle of the MariaDB tests: what SHOW CREATE TABLE says, line by line."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import peewee

from support.databases import is_mysql
from wheatear.engines.mysql.migrator import MysqlMigrator


@dataclass(frozen=True)
class Live:
    """An open database, its migrator, and ways to look at it that know nothing of Wheatear."""

    database: peewee.Database
    migrator: MysqlMigrator

    def run(self, *statements: str) -> Any:
        for sql in statements:
            cursor = self.database.execute_sql(sql.replace("%", "%%"))
        return cursor.fetchall()

    def lines(self, table: str) -> list[str]:
        text = self.run(f"SHOW CREATE TABLE `{table}`")[0][1]
        return [_plain(line.strip().rstrip(",")) for line in text.splitlines()]

    def diff(self, table: str, change: Callable[[], object], after: str | None = None) -> set[str]:
        """The lines that a change took away (`- …`) and brought (`+ …`)."""
        before = self.lines(table)
        change()
        now = self.lines(after or table)
        return {f"- {line}" for line in before if line not in now} | {
            f"+ {line}" for line in now if line not in before
        }


def _plain(line: str) -> str:
    """MySQL says of texts in which character set it has read them, and not always the same."""
    if not is_mysql():
        return line
    line = re.sub(r"_(utf8mb4|latin1)'", "'", line)
    return re.sub(r"CHARACTER SET (\w+) (COLLATE \1_)", r"\2", line)


def altered(live: Live) -> list[str]:
    """The statements that the migrator sends from now on, apart from its looking and settings."""
    sent: list[str] = []

    def note(sql: str, params: object = None) -> object:
        if sql.startswith(("ALTER", "UPDATE", "RENAME", "DROP")):
            sent.append(sql)
        return peewee.Database.execute_sql(live.database, sql, params)

    live.database.execute_sql = note
    return sent


_RICH = """
CREATE TABLE rich (
  id int AUTO_INCREMENT PRIMARY KEY,
  n int NOT NULL DEFAULT 5 COMMENT 'a, b NOT NULL ''x'' \\\\ DEFAULT 7
next line' CHECK (n > 0),
  s varchar(30) CHARACTER SET latin1 DEFAULT 'a''b\\\\c',
  ts timestamp NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp(),
  d datetime(3) DEFAULT current_timestamp(3) ON UPDATE current_timestamp(3),
  g int GENERATED ALWAYS AS (n + 1) VIRTUAL,
  gs varchar(40) GENERATED ALWAYS AS (concat(s, ', x')) STORED COMMENT 'gen',
  e enum('a','b''c, d') DEFAULT 'a',
  st set('x','y'),
  b blob DEFAULT 'abc',
  j json DEFAULT '{}',
  u int unsigned zerofill,
  bi bit(5) DEFAULT b'101',
  inv int INVISIBLE DEFAULT 3,
  dec_ decimal(8,2) NOT NULL DEFAULT -1.5,
  f double DEFAULT 1.5,
  ex int DEFAULT (1 + 2),
  uu uuid DEFAULT uuid(),
  p_id int,
  self_id int,
  nn varchar(10) COLLATE utf8mb4_bin NOT NULL,
  `we``ird, na)me` int DEFAULT 1,
  z varchar(100) COMPRESSED COMMENT '100% (sure), `q`',
  gi int GENERATED ALWAYS AS (n) INVISIBLE,
  t text,
  CONSTRAINT ck CHECK (n < 100 AND s <> ')'),
  UNIQUE KEY uq (u),
  KEY pre (s(5), n DESC),
  KEY kc (f) COMMENT 'idx, comment',
  KEY ig (nn) IGNORED,
  CONSTRAINT fk_p FOREIGN KEY (p_id) REFERENCES parent (id) ON DELETE CASCADE ON UPDATE SET NULL,
  CONSTRAINT fk_self FOREIGN KEY (self_id) REFERENCES rich (id)
) COMMENT='tbl, ''cmt''' DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci
"""

# What MySQL writes otherwise, or has not, and what it has alone.
_AS_MYSQL = {
    "b blob DEFAULT 'abc'": "b blob DEFAULT ('abc')",
    "j json DEFAULT '{}'": "j json DEFAULT ('{}')",
    "inv int INVISIBLE DEFAULT 3": "inv int DEFAULT 3 INVISIBLE",
    "uu uuid DEFAULT uuid()": "uu binary(16) DEFAULT (uuid_to_bin(uuid()))",
    "z varchar(100) COMPRESSED COMMENT": "z varchar(100) COMMENT",
    "IGNORED,": "INVISIBLE,\n  KEY fn ((n + 1), (lower(s)) DESC),",
    "(n < 100 AND s <> ')')": "(n < 100 AND s <> ')'),\n  CONSTRAINT slack CHECK (f < 9) NOT ENFORCED",
}


def _as_mysql(sql: str) -> str:
    for one, other in _AS_MYSQL.items():
        assert one in sql, one
        sql = sql.replace(one, other)
    return sql


RICH = _as_mysql(_RICH) if is_mysql() else _RICH
