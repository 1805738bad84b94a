"""Rounds that alternate between contestants, their medians, and their ratios."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One contestant's time, in seconds, and its ratio to the first one's."""

    name: str
    seconds: float
    ratio: float


def compare(contestants: Mapping[str, Callable[[], float]], rounds: int) -> list[Row]:
    """Time contestants in turn; each returns its own seconds, preparations left out."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, contest in contestants.items():
            times[name].append(contest())
    medians = {name: statistics.median(seconds) for name, seconds in times.items()}
    first = next(iter(medians.values()))
    return [Row(name, seconds, seconds / first) for name, seconds in medians.items()]


def seconds_of(action: Callable[[], object]) -> float:
    """How long an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def show(title: str, rows: list[Row], limit: str = "") -> None:
    """Print a table."""
    print(f"\n{title}{f'  (target: {limit})' if limit else ''}")
    for row in rows:
        print(f"  {row.name:<44} {row.seconds * 1000:10.2f} ms  {row.ratio:8.2f} x")
