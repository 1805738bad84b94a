"""What was read of models, from run to run."""

from __future__ import annotations

from pathlib import Path

import pytest

from wheatear.engines.cache import Cache
from wheatear.schema.model import Column, Schema, Table


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "wheatear"


def schema(name: str) -> Schema:
    return Schema((Table(name, (Column("id", "integer"),)),))


def test_the_oldest_are_forgotten() -> None:
    cache = Cache("kind", "1", most=2)
    for name in "abc":
        cache.put({name: schema(name)})
    again = Cache("kind", "1", most=2)
    assert [again.get(name) for name in "abc"] == [None, schema("b"), schema("c")]


def test_another_version_knows_nothing_of_it() -> None:
    Cache("kind", "1", most=2).put({"a": schema("a")})
    assert Cache("kind", "2", most=2).get("a") is None
    assert Cache("other", "1", most=2).get("a") is None


def test_nothing_but_the_file_is_left(folder: Path) -> None:
    Cache("kind", "1", most=2).put({"a": schema("a")})
    (file,) = folder.iterdir()
    assert file.name.startswith("kind-")
    assert file.stat().st_mode & 0o077 == 0
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 7}', '{"a": [[], ["{}"]]}', "\xff"])
def test_what_cannot_be_read_is_not_there(folder: Path, text: str) -> None:
    Cache("kind", "1", most=2).put({"a": schema("a")})
    (file,) = folder.iterdir()
    file.write_bytes(text.encode("latin-1"))
    cache = Cache("kind", "1", most=2)
    assert cache.get("a") is None
    cache.put({"a": schema("a")})
    assert Cache("kind", "1", most=2).get("a") == schema("a")
