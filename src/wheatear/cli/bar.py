"""How far a backfill has come, in one line."""

from __future__ import annotations

import shutil

from wheatear.running import Progress

_WIDTH = 16


def bar(progress: Progress) -> str:
    """With a bar, cut to the terminal's width."""
    width = shutil.get_terminal_size().columns - 3
    words = line(progress).removeprefix(f"{progress.name}: ")
    if not progress.total:
        return words[:width]
    part = min(progress.rows / progress.total, 1.0)
    full = round(part * _WIDTH)
    return f"{'█' * full}{'░' * (_WIDTH - full)} {words}"[:width]


def line(progress: Progress) -> str:
    """In words and numbers: rows, part, rate, time left."""
    words = [f"{progress.name}: {progress.table} {progress.rows:,}"]
    rate = progress.new / progress.seconds if progress.seconds else 0.0
    if progress.total:
        part = min(progress.rows / progress.total, 1.0)
        words[0] += f" of {progress.total:,} rows"
        words.append(f"{part:.0%}")
    else:
        words[0] += " rows"
    if rate:
        words.append(f"{rate:,.0f} rows/s")
        left = (progress.total or progress.rows) - progress.rows
        if progress.total:
            words.append(f"{_clock(left / rate)} left")
    return ", ".join(words)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(max(round(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
