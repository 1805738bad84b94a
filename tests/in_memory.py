"""Runs a command with servers of its own in memory, which wait for no disk.

    uv run --group engines python tests/in_memory.py pytest -m long tests/crash

The whole crash suite makes databases tens of thousands of times; on a disk that takes hours.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack

from support.databases import SERVERS
from support.servers import running_server


def main(command: list[str]) -> int:
    environment = dict(os.environ)
    with ExitStack() as stack:
        for engine, variable in SERVERS.items():
            server = stack.enter_context(running_server(engine, careless=True))
            environment[variable] = server.url(server.home)
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
