"""Listing and hashing a folder, and the order of its files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.raising import raises
from wheatear.checksums import checksum_of
from wheatear.errors import MigrationFileError
from wheatear.files import list_files, load, order_of

TEXT = "def migrate_forward():\n    pass\n\n\ndef migrate_backward():\n    pass\n"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r")))
def test_the_checksum_is_over_the_text_however_it_was_saved(text: str) -> None:
    raw = text.encode().removeprefix(b"\xef\xbb\xbf")
    same = checksum_of(raw)
    assert checksum_of(raw.replace(b"\n", b"\r\n")) == same
    assert checksum_of(b"\xef\xbb\xbf" + raw) == same
    assert checksum_of(raw + b" ") != same
    assert checksum_of(raw + b"\n") != same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("20261122_153000", "20261122153000"),
        ("20261122_1530", "20261122_153000"),
        ("20261122", "20261122_000000"),
        ("0001", "1"),
    ],
)
def test_the_same_time_written_otherwise(one: str, other: str) -> None:
    assert order_of(one) == order_of(other)


def test_prefixes_are_digits_and_never_times() -> None:
    """The 31st of February is no day, and a fine prefix."""
    ordered = [
        "1",
        "0002",
        "10",
        "20260230",
        "20260231_250000",
        "20261122_153000",
        "99999999_999999",
    ]
    assert [order_of(one) for one in ordered] == sorted(order_of(one) for one in ordered)
    assert len({order_of(one) for one in ordered}) == len(ordered)


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("20261122_153000_add", "20261122_153000"),
        ("20261122_1530_add", "20261122_1530"),
        ("20261122153000_add", "20261122153000"),
        ("0001_initial", "0001"),
        ("0001-initial", "0001"),
        ("0001", "0001"),
        ("20261122_153000", "20261122_153000"),
        ("add_20261122", None),
        ("1add", None),
        ("٢٠٢٦_add", None),
    ],
)
def test_where_a_name_stands(tmp_path: Path, name: str, prefix: str | None) -> None:
    (tmp_path / f"{name}.py").write_text(TEXT)
    found = [file.order for file in list_files(str(tmp_path)).files]
    assert found == ([] if prefix is None else [order_of(prefix)])


def test_the_order_of_a_folder(tmp_path: Path) -> None:
    for name in ("20260102_000000_b", "20260101_235959_z", "0001_first", "20260102_000000_a"):
        (tmp_path / f"{name}.py").write_text(TEXT)
    assert [file.name for file in list_files(str(tmp_path)).files] == [
        "0001_first", "20260101_235959_z", "20260102_000000_a", "20260102_000000_b",
    ]  # fmt: skip


def test_large_files_are_hashed_whole(tmp_path: Path) -> None:
    raw = b"#" * ((1 << 16) * 2)  # exactly two blocks
    for size in (0, 1, len(raw) - 1, len(raw)):
        (tmp_path / "1_x.py").write_bytes(raw[:size])
        assert list_files(str(tmp_path)).files[0].checksum == checksum_of(raw[:size])


def test_a_file_that_changes_while_a_run_starts(tmp_path: Path) -> None:
    path = tmp_path / "1_x.py"
    path.write_text(TEXT)
    (file,) = list_files(str(tmp_path)).files
    path.write_text(TEXT + "\n1 / 0\n")
    with raises(
        MigrationFileError,
        "1_x.py was changed while this run was starting.\n"
        "  state: nothing was changed in the database.\n"
        "  next:  run the command again.",
    ):
        load(file, ("forward",))
    path.unlink()
    with raises(MigrationFileError):
        load(file, ("forward",))


def test_loading_leaves_no_byte_code_and_no_module_after_a_failure(tmp_path: Path) -> None:
    import sys

    path = tmp_path / "1_x.py"
    path.write_text(TEXT + "1 / 0\n")
    (file,) = list_files(str(tmp_path)).files
    with raises(MigrationFileError):
        load(file, ("forward",))
    assert not [name for name in sys.modules if name.endswith("1_x")]
    path.write_text(TEXT)
    (file,) = list_files(str(tmp_path)).files
    loaded = load(file, ("forward", "backward"))
    assert callable(loaded.function("forward"))
    assert loaded.foreign_keys is False
    assert [one.name for one in tmp_path.iterdir()] == ["1_x.py"]
