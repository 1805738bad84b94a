"""A migration that kills its own run, the first time that it comes there, and is run again."""

from __future__ import annotations

import signal
import textwrap

from support.projects import Ended, Project

NAME = "20260101_000000_m"
_HEAD = """\
import os
import signal
import datetime
import random
import time
import uuid
from peewee import *
from playhouse.migrate import *
from migrations_config import db, migrator

atomic = False


def die():
    if not os.path.exists('died'):
        open('died', 'w').close()
        os.kill(os.getpid(), signal.SIGKILL)


def sql(text, *values):
    return db.execute_sql(text, values or None)


"""


def write(project: Project, body: str, head: str = "") -> None:
    """A migration whose function this is; `die()` in it kills the run, once."""
    forward = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    text = f"{_HEAD}{textwrap.dedent(head)}\n\ndef migrate_forward():\n{forward}\n"
    text += "\n\ndef migrate_backward():\n    pass\n"
    project.write(f"migrations/{NAME}.py", text)


def killed(project: Project, body: str, head: str = "") -> Ended:
    """Write it, run it until it is killed, and run it again."""
    write(project, body, head)
    first = project.run("migrate")
    assert first.code == -signal.SIGKILL, first
    return project.run("migrate")


def applied(project: Project, body: str, head: str = "") -> None:
    """Killed, and applied by the next run."""
    ended = killed(project, body, head)
    assert ended.code == 0, ended
