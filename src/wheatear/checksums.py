"""What a migration file is known by: the SHA-256 of its text."""

from __future__ import annotations

import hashlib
import os

_BLOCK = 1 << 16
_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_BOM = b"\xef\xbb\xbf"


def checksum_of(raw: bytes) -> str:
    """SHA-256 of a file's text, whatever system saved it: no BOM, no carriage returns."""
    if b"\r" in raw or raw.startswith(_BOM):
        raw = raw.removeprefix(_BOM).replace(b"\r", b"")
    return hashlib.sha256(raw).hexdigest()


def read(path: str) -> bytes:
    """Return what is in a file: system calls, and mostly one read.

    Raises:
        OSError: It cannot be read.
    """
    descriptor = os.open(path, _FLAGS)
    try:
        raw = os.read(descriptor, _BLOCK)
        if len(raw) == _BLOCK:
            with open(descriptor, "rb", closefd=False) as rest:
                raw += rest.read()
    finally:
        os.close(descriptor)
    return raw
