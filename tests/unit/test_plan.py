"""Planning: pure functions over files and logs, for any of them."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.raising import raises
from wheatear import plan
from wheatear.errors import HistoryError, MigrationFileError, UsageError
from wheatear.plan import Standing, Step


class File(NamedTuple):
    name: str
    order: int
    checksum: str = "same"


class Entry(NamedTuple):
    id: int
    name: str
    direction: str = "forward"
    outcome: str = "done"
    checksum: str | None = "same"


NAMES = [f"2026010{number}_000000_m{number}" for number in range(1, 7)]
FILES = [File(name, number) for number, name in enumerate(NAMES)]


def log(*words: str) -> list[Entry]:
    """`+1` applied, `-1` reverted, `?1` interrupted, `~1` began, `!1` failed, `=1` accepted."""
    outcome = {"+": "done", "-": "done", "?": "interrupted", "~": "running", "!": "failed"}
    return [
        Entry(
            number,
            NAMES[int(word[1:])],
            "backward" if word[0] == "-" else "forward",
            outcome.get(word[0], "accepted"),
        )
        for number, word in enumerate(words, 1)
    ]


def names(steps: tuple[Step, ...]) -> list[str]:
    return [step.name[-2:] for step in steps]


words = st.lists(
    st.tuples(st.sampled_from("+-?~!="), st.integers(0, len(NAMES) - 1)).map(
        lambda pair: f"{pair[0]}{pair[1]}"
    ),
    max_size=20,
)
some_files = st.sets(st.sampled_from(FILES)).map(lambda found: sorted(found, key=lambda f: f.order))


@given(some_files, words)
def test_every_migration_stands_once(files: list[File], entries: list[str]) -> None:
    found = plan.standings(files, log(*entries))
    assert len({one.name for one in found}) == len(found)
    assert [one.name for one in found if one.order is not None] == [one.name for one in files]
    for one in found:
        assert (one.state == "pending") == (one.applied is None and one.interrupted is None)
        assert (one.state == "interrupted") == (one.interrupted is not None)
        assert one.order is not None or one.state in ("missing", "interrupted")


@given(some_files, words, words)
def test_under_the_lock_a_plan_only_shrinks(
    files: list[File], before: list[str], meanwhile: list[str]
) -> None:
    """Whatever others did meanwhile, a step that is still to be done was to be done before."""
    first = plan.standings(files, log(*before))
    found = plan.standings(files, log(*before, *meanwhile))
    now = {one.name: one for one in found}
    for step in plan.forward(first).steps:
        if plan.still_to_do(step, now.get(step.name)):
            _is_still_open(step, now[step.name])
    if not any(one.applied for one in first):
        return
    for step in plan.backward(first, to="zero").steps:
        if plan.still_to_do(step, now.get(step.name)):
            _is_still_open(step, now[step.name])
    assert not any(
        plan.still_to_do(step, now.get(step.name))
        for step in plan.backward(first, to="zero").steps
        if f"-{NAMES.index(step.name)}" in meanwhile
    )


def _is_still_open(step: Step, now: Standing) -> None:
    if step.resumes is not None or step.abandons:
        assert now.interrupted is not None
        assert now.interrupted.id == (step.resumes or step.basis)
    elif step.direction == "forward":
        assert now.applied is None
    else:
        assert now.applied is not None
        assert now.applied.id == step.basis


@given(some_files, words.map(lambda found: [word for word in found if word[0] in "+-"]))
def test_forward_then_backward_is_where_it_began(files: list[File], entries: list[str]) -> None:
    before = log(*entries)
    start = plan.standings(files, before)
    forward = plan.forward(start).steps
    after = before + [
        Entry(len(before) + number, step.name) for number, step in enumerate(forward, 1)
    ]
    there = plan.standings(files, after)
    assert plan.forward(there).steps == ()
    assert all(one.applied for one in there)
    if not forward:
        return
    back = plan.backward(there, steps=len(forward)).steps
    assert [step.name for step in back] == [step.name for step in reversed(forward)]
    done = after + [
        Entry(len(after) + number, step.name, "backward") for number, step in enumerate(back, 1)
    ]
    states = [(one.name, one.state) for one in plan.standings(files, done)]
    assert states == [(one.name, one.state) for one in start]


@given(some_files, words, st.integers(1, 6))
@settings(max_examples=50)
def test_steps_are_the_beginning_of_all(files: list[File], entries: list[str], steps: int) -> None:
    found = plan.standings(files, log(*entries))
    assert plan.forward(found, steps=steps).steps == plan.forward(found).steps[:steps]
    if any(one.applied for one in found):
        everything = plan.backward(found, to="zero").steps
        assert plan.backward(found, steps=steps).steps == everything[:steps]


@pytest.mark.parametrize(
    ("entries", "state"),
    [
        ([], "pending"),
        (["+0"], "applied"),
        (["+0", "-0"], "pending"),
        (["!0"], "pending"),
        (["~0"], "interrupted"),
        (["?0"], "interrupted"),
        (["?0", "!0"], "interrupted"),
        (["+0", "?0"], "interrupted"),
        (["?0", "+0"], "applied"),
        (["+0", "!0"], "applied"),
    ],
)
def test_states(entries: list[str], state: str) -> None:
    assert plan.standings(FILES[:1], log(*entries))[0].state == state


def test_a_changed_file_until_it_is_accepted() -> None:
    file = File(NAMES[0], 1, "other")
    assert plan.standings([file], log("+0"))[0].state == "changed"
    accepted = Entry(2, NAMES[0], "forward", "accepted", "other")
    assert plan.standings([file], [*log("+0"), accepted])[0].state == "applied"
    assert plan.standings(FILES[:1], [*log("+0"), accepted])[0].state == "changed"


def test_back_in_the_order_of_the_log() -> None:
    found = plan.standings(FILES, log("+2", "+0", "+1"))
    assert names(plan.backward(found, to="zero").steps) == ["m2", "m1", "m3"]
    assert names(plan.backward(found).steps) == ["m2"]
    assert names(plan.backward(found, to=NAMES[2]).steps) == ["m2", "m1"]


def test_a_late_file_is_warned_of() -> None:
    found = plan.standings(FILES[:3], log("+1"))
    assert plan.forward(found).warnings == (
        f"{NAMES[0]} is older than {NAMES[1]}, which is applied already",
    )


def test_twins_only_matter_where_they_would_run() -> None:
    twins = [File("1_a", 1), File("1_b", 1), File("2_c", 2)]
    with raises(MigrationFileError):
        plan.forward(plan.standings(twins, []))
    applied = [Entry(1, "1_a"), Entry(2, "1_b")]
    assert names(plan.forward(plan.standings(twins, applied)).steps) == ["_c"]


def test_find() -> None:
    assert plan.find("20260101", NAMES) == NAMES[0]
    assert plan.find(f"{NAMES[0]}.py", NAMES) == NAMES[0]
    assert plan.find(f"./migrations/{NAMES[0]}.py", NAMES) == NAMES[0]
    assert plan.find("1", ["1", "10"]) == "1"  # exactly goes before a beginning
    many = [f"1_{number}" for number in range(12)]
    with raises(
        UsageError,
        "'1_' is the beginning of 12 migrations.\n"
        "  next:  say more of the name of the one you mean:\n         "
        + "\n         ".join([*many[:8], "…"]),
    ):
        plan.find("1_", many)
    with raises(UsageError):
        plan.find("", NAMES)


def test_nothing_to_revert() -> None:
    with raises(HistoryError):
        plan.backward(plan.standings(FILES, []))
    assert plan.backward(plan.standings(FILES, []), to="zero").steps == ()
    with raises(UsageError):
        plan.backward(plan.standings(FILES, log("+0")), to=NAMES[3])
