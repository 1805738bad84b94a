"""What is said of a backfill that runs."""

from __future__ import annotations

import pytest

from wheatear.cli.bar import bar, line
from wheatear.running import Progress


@pytest.mark.parametrize(
    ("progress", "said"),
    [
        (
            Progress("m", "player", 45_000, 200_000, 3.0, 30_000, False),
            "m: player 45,000 of 200,000 rows, 22%, 10,000 rows/s, 0:16 left",
        ),
        (
            Progress("m", "player", 1_000, 73_000_000, 1.0, 1_000, False),
            "m: player 1,000 of 73,000,000 rows, 0%, 1,000 rows/s, 20:16:39 left",
        ),
        (Progress("m", "player", 50, None, 0.5, 50, True), "m: player 50 rows, 100 rows/s"),
    ],
)
def test_a_line(progress: Progress, said: str) -> None:
    assert line(progress) == said


def test_a_bar_is_cut_to_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    progress = Progress("m", "player", 50, 100, 1.0, 50, False)
    full = "████████░░░░░░░░ player 50 of 100 rows, 50%, 50 rows/s, 0:01 left"
    for columns, room in ((80, 77), (30, 27)):  # two spaces before it, and the cursor after it
        monkeypatch.setenv("COLUMNS", str(columns))
        assert bar(progress) == full[:room]
