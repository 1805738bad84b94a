"""What is known of files from the last time: never of one that was written to since."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from wheatear import remembered
from wheatear.checksums import checksum_of, read

MANY = 100


@pytest.fixture(autouse=True)
def _byte_code_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "20260101_000000_a.py"
    path.write_text("a = 1\n")
    return path


class Asking:
    """Asks for files' checksums."""

    def __init__(self) -> None:
        self.read: list[str] = []
        """How often the file in question was read."""

    def __call__(self, file: Path, files: int = MANY) -> None:
        names = [file.name, *(f"{number}.py" for number in range(1, files))]
        for name in names[1:]:
            file.with_name(name).touch()
        found = remembered.remembered(str(file.parent), names, self._work_out)
        assert found == [checksum_of(file.with_name(name).read_bytes()) for name in names]

    def _work_out(self, path: str) -> str:
        if os.path.basename(path) == "20260101_000000_a.py":
            self.read.append(path)
        return checksum_of(read(path))


@pytest.fixture
def asked() -> Asking:
    return Asking()


@pytest.fixture
def settled(asked: Asking, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Look at a file so much later that its times are no longer in doubt."""

    def look(file: Path, files: int = MANY) -> None:
        real = time.time_ns
        with monkeypatch.context() as later:
            later.setattr(remembered.time, "time_ns", lambda: real() + 10_000_000_000)
            asked(file, files)

    return look


def test_an_unchanged_file_is_read_once(
    file: Path, asked: Asking, settled: Callable[..., None]
) -> None:
    settled(file)
    asked(file)
    assert asked.read == [str(file)]


def test_a_young_file_is_not_trusted(file: Path, asked: Asking) -> None:
    asked(file)
    asked(file)
    assert asked.read == [str(file)] * 2


def test_few_files_leave_nothing_behind(file: Path, settled: Callable[..., None]) -> None:
    settled(file, MANY - 1)
    assert not (file.parent / "__pycache__").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no time of the entry's own change there")
def test_a_change_that_hides_its_size_and_time_is_seen(
    file: Path, asked: Asking, settled: Callable[..., None]
) -> None:
    before = file.stat()
    settled(file)
    time.sleep(0.02)
    file.write_text("a = 2\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = file.stat()
    assert (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    asked(file)


def test_another_file_in_its_place_is_seen(
    file: Path, asked: Asking, settled: Callable[..., None]
) -> None:
    other = file.with_name("other")
    other.write_text("a = 3\n")
    settled(file)
    os.replace(other, file)
    asked(file)


@pytest.mark.parametrize("content", [b"", b"\x00", b"N", b"\xe9\x01", b"garbage"])
def test_a_spoilt_memory_is_forgotten(
    content: bytes, file: Path, asked: Asking, settled: Callable[..., None]
) -> None:
    settled(file)
    (file.parent / "__pycache__" / "wheatear-files").write_bytes(content)
    settled(file)
    asked(file)
    assert asked.read == [str(file)] * 2


def test_where_no_byte_code_is_written_nothing_is(
    file: Path, settled: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    settled(file)
    assert not (file.parent / "__pycache__").exists()


def test_a_folder_that_cannot_be_written_to_is_no_obstacle(
    file: Path, asked: Asking, settled: Callable[..., None]
) -> None:
    (file.parent / "__pycache__").write_text("a file in its place")
    settled(file)
    asked(file)
