"""From any words to a file's name."""

from __future__ import annotations

import os
import re
import tempfile
from datetime import datetime, timezone
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from wheatear.create.names import next_prefix, says_nothing, sound_name
from wheatear.create.template import create_migration
from wheatear.errors import UsageError
from wheatear.files import list_files, order_of

prefixes = st.one_of(
    st.from_regex(r"\A[0-9]{8}_[0-9]{6}\Z"),
    st.from_regex(r"\A[0-9]{8}_[0-9]{4}\Z"),
    st.from_regex(r"\A[0-9]{1,20}\Z"),
)


@given(st.text(max_size=400))
@example("İ" * 200)
@example("ﷺ" * 100)
@example("a\u0301" * 200)
@example("x_" * 200)
@example("\ud800")
@example("CON")
@example("..")
def test_any_text_gives_a_sound_name_or_is_refused(words: str) -> None:
    try:
        name = sound_name(words)
    except UsageError:
        assert not re.search(r"[a-zA-Z0-9]", words.removesuffix(".py"))
        return
    assert name
    assert len(f"20260101_000000_{name}.py".encode()) <= 255
    assert name == name.strip("_")
    assert "__" not in name
    assert not set(name) & set('/\\:*?"<>|. \0\n-')
    assert name == name.lower()
    assert sound_name(name) == name  # what is sound stays as it is


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=60))
def test_the_file_can_be_made_and_is_a_migration(words: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            created = create_migration(Path(folder), words)
        except UsageError:
            assert os.listdir(folder) == []
            return
        (file,) = list_files(folder).files
        assert os.path.basename(created.path) == f"{file.name}.py"
        text = Path(created.path).read_text(encoding="utf-8")
        compile(text, file.name, "exec")
        assert "def migrate_forward():" in text
        assert "def migrate_backward():" in text


@given(st.lists(prefixes, min_size=1, max_size=5))
def test_a_new_file_is_later_than_the_newest(found: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for prefix in found:
            Path(folder, f"{prefix}_x.py").touch()
        files = list_files(folder).files
        prefix = next_prefix(files, datetime(2026, 1, 1, tzinfo=timezone.utc))
        Path(folder, f"{prefix}_new.py").touch()
        assert list_files(folder).files[-1].name == f"{prefix}_new"
        assert order_of(prefix) > files[-1].order


def test_two_of_one_second_follow_each_other(tmp_path: Path) -> None:
    now = datetime(2026, 12, 31, 23, 59, 59, tzinfo=timezone.utc)
    first = next_prefix((), now)
    assert first == "20261231_235959"
    (tmp_path / f"{first}_a.py").touch()
    assert next_prefix(list_files(str(tmp_path)).files, now) == "20270101_000000"


def test_says_nothing() -> None:
    for name in ("update", "fix", "migration1", "changes_2", "new_table", "wip", "123"):
        assert says_nothing(name), name
    for name in ("add_experience", "fix_prices", "update_player_level"):
        assert not says_nothing(name), name
