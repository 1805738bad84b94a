"""Tables and columns, followed through statements that rename and drop."""

from __future__ import annotations

import pytest

from wheatear.engines.alterations import Drops, Renames
from wheatear.engines.recording import Dropped, Identities, Renamed

OLD = Renames("t", "old", "a")


@pytest.mark.parametrize(
    ("steps", "renamed", "dropped"),
    [
        ([OLD, Drops("t", "old")], (), (Dropped("t", "a"),)),
        ([OLD, Drops("t", "a")], (Renamed("t", "a", "old", is_column=True),), ()),
        ([OLD, Renames("t", "b", "a")], (Renamed("t", "a", "old", is_column=True),), ()),
        ([Drops("t", "a"), Renames("t", "b", "a")], (), (Dropped("t", "a"),)),
        ([OLD, Drops("t", "a"), Renames("t", "a", "old")], (), ()),
        ([Drops("t")], (), (Dropped("t"),)),
        ([Drops("t"), Renames("made", "t")], (), ()),
        ([Renames("t", "u"), Drops("u")], (), (Dropped("t"),)),
    ],
)
def test_what_is_new_under_an_old_name_is_another_one(
    steps: list[Drops | Renames], renamed: tuple[Renamed, ...], dropped: tuple[Dropped, ...]
) -> None:
    identities = Identities(["t"], str.lower)
    identities.follow(steps)
    assert identities.renames() == renamed
    assert identities.dropped([]) == dropped


def test_a_table_whose_rows_may_be_elsewhere() -> None:
    identities = Identities(["t"], str.lower)
    identities.follow([Drops("t")])
    assert identities.dropped(["INSERT INTO t SELECT 1"]) == (Dropped("t", None, copied=True),)
