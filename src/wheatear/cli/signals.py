"""Ctrl-C and SIGTERM, also in the middle of a long statement.

Python runs signal handlers between its own steps, so a statement that runs in a driver's C code
would end first. The interpreter writes a byte for each signal at once, though
(`signal.set_wakeup_fd`): a thread that reads it stops the statement on the server.
"""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from wheatear.engines.engine import Engine
from wheatear.errors import Terminated

_TERMINATED = 128 + signal.SIGTERM


@contextmanager
def interruptible(engine: Engine) -> Iterator[None]:
    """Let SIGINT and SIGTERM stop the engine's current statement during the block."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    stops: list[int] = []
    engine.stopping = False
    watcher = threading.Thread(target=_watch, args=(reading, engine, stops), daemon=True)
    terminate = signal.signal(signal.SIGTERM, _terminate)
    wakeup = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    watcher.start()
    try:
        yield
    except Exception as error:
        # A statement that is stopped fails, and so may what cleans up after it: that is no error.
        if not stops:
            raise
        stop = Terminated(_TERMINATED) if signal.SIGTERM in stops else KeyboardInterrupt()
        stop.stopped = getattr(error, "stopped", None)  # type: ignore[union-attr]
        raise stop from error
    finally:
        signal.set_wakeup_fd(wakeup)
        signal.signal(signal.SIGTERM, terminate)
        writing.close()
        watcher.join(timeout=5)
        reading.close()


def _watch(reading: socket.socket, engine: Engine, stops: list[int]) -> None:
    while byte := reading.recv(1):
        if byte[0] in (signal.SIGINT, signal.SIGTERM):
            stops.append(byte[0])
            engine.stopping = True
            with suppress(Exception):  # a statement that has ended needs no stopping
                engine.interrupt()


def _terminate(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise Terminated(_TERMINATED)
