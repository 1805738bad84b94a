"""What was read before, kept for this user from run to run: creating models is slow.

One JSON file for each kind and version. Whatever is wrong with it, it is as if there were none.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from wheatear import __version__
from wheatear.schema.model import Schema
from wheatear.schema.stored import packed, unpacked


def folder() -> str:
    """Where this user's caches are: https://specifications.freedesktop.org/basedir-spec/"""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~\\AppData\\Local")
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "wheatear")


class Cache:
    """Schemas by key, for one engine and version.

    Args:
        kind: What is kept, and of which engine: the beginning of the file's name.
        version: The server's version and whatever else decides what it makes of a statement.
        most: Beyond so many the oldest are forgotten.
    """

    def __init__(self, kind: str, version: str, most: int) -> None:
        text = f"{__version__} {version}"
        name = f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"
        self._most = most
        self._path = os.path.join(folder(), name)
        self._entries = self._read()

    def get(self, key: str) -> Schema | None:
        """What is kept, or None."""
        try:
            return unpacked(self._entries[key])
        except (KeyError, ValueError):
            return None

    def put(self, schemas: Mapping[str, Schema]) -> None:
        """Keep these too; if they cannot be written, they are not kept."""
        for key, schema in schemas.items():
            self._entries.pop(key, None)
            self._entries[key] = packed(schema)
        for key in list(self._entries)[: -self._most]:
            del self._entries[key]
        with suppress(OSError):
            self._write()

    def _read(self) -> dict[str, Any]:
        try:
            with open(self._path, encoding="utf-8") as file:
                found = json.load(file)
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self) -> None:
        """All or nothing: others may be reading it."""
        os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
        handle, path = tempfile.mkstemp(dir=os.path.dirname(self._path), suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(self._entries, file, separators=(",", ":"))
            os.replace(path, self._path)
        except BaseException:
            os.unlink(path)
            raise
