"""The program at a terminal."""

from __future__ import annotations

import os
import re
import select
import subprocess
import time

from support.projects import PROGRAM, Project

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def on_a_terminal(
    project: Project,
    *words: str,
    width: int = 100,
    env: dict[str, str] | None = None,
    types: str = "",
) -> tuple[int, str]:
    """Run a command with a terminal for its outputs; return its exit code and what it wrote.

    Args:
        project: Where to run it.
        words: The command.
        width: Of the terminal.
        env: More of the environment.
        types: What somebody types at once.
    """
    import pty

    ours, theirs = pty.openpty()
    os.write(ours, types.encode())
    environment = {"TERM": "xterm-256color", "COLUMNS": str(width), **(env or {})}
    process = subprocess.Popen(
        [str(PROGRAM), *words],
        cwd=project.root,
        env=project.environment(environment),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    found = b""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        ready, _, _ = select.select([ours], [], [], 0.1)
        if ready:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # Linux, when the other end is closed
                piece = b""
            if not piece:
                break
            found += piece
        elif process.poll() is not None:
            break
    os.close(ours)
    return process.wait(timeout=10), found.decode("utf-8").replace("\r\n", "\n")
