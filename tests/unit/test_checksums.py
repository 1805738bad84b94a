"""Checksums that are known from the last time: never of a file that was written to since."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from wheatear import checksums
from wheatear.checksums import Checksums, checksum_of

MANY = 100


@pytest.fixture(autouse=True)
def _byte_code_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "20260101_000000_a.py"
    path.write_text("a = 1\n")
    return path


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are read."""
    paths: list[str] = []
    real = checksums.read
    monkeypatch.setattr(checksums, "read", lambda path: paths.append(path) or real(path))
    return paths


def asked(file: Path, files: int = MANY) -> str:
    known = Checksums(str(file.parent), files)
    checksum = known.of(str(file))
    known.keep()
    assert checksum == checksum_of(file.read_bytes())
    return checksum


def settled(file: Path, monkeypatch: pytest.MonkeyPatch, files: int = MANY) -> None:
    """Look at a file so much later that its times are no longer in doubt."""
    real = time.time_ns
    monkeypatch.setattr(checksums.time, "time_ns", lambda: real() + 10_000_000_000)
    asked(file, files)


def test_an_unchanged_file_is_read_once(
    file: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(file, monkeypatch)
    asked(file)
    assert read == [str(file)]


def test_a_young_file_is_not_trusted(file: Path, read: list[str]) -> None:
    asked(file)
    asked(file)
    assert read == [str(file)] * 2


def test_few_files_leave_nothing_behind(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settled(file, monkeypatch, MANY - 1)
    assert os.listdir(file.parent) == [file.name]


@pytest.mark.skipif(sys.platform == "win32", reason="no time of the entry's own change there")
def test_a_change_that_hides_its_size_and_time_is_seen(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = file.stat()
    settled(file, monkeypatch)
    time.sleep(0.02)
    file.write_text("a = 2\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = file.stat()
    assert (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    asked(file)


def test_another_file_in_its_place_is_seen(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = file.with_name("other")
    other.write_text("a = 3\n")
    settled(file, monkeypatch)
    os.replace(other, file)
    asked(file)


@pytest.mark.parametrize("content", [b"", b"\x00", b"N", b"\xe9\x01", b"garbage"])
def test_a_spoilt_memory_is_forgotten(
    content: bytes, file: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(file, monkeypatch)
    (file.parent / "__pycache__" / "wheatear-checksums").write_bytes(content)
    asked(file)
    asked(file)
    assert read == [str(file)] * 2


def test_where_no_byte_code_is_written_nothing_is(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    settled(file, monkeypatch)
    assert os.listdir(file.parent) == [file.name]


def test_a_folder_that_cannot_be_written_to_is_no_obstacle(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (file.parent / "__pycache__").write_text("a file in its place")
    settled(file, monkeypatch)
    asked(file)
