"""From any words to a sound name for a migration file."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta, timezone

from wheatear.errors import UsageError
from wheatear.files import MigrationFile, order_of

# Bytes of the name beside the timestamp: file systems take 255 for all of it.
_LONGEST = 120
_SAYS_NOTHING = frozenset(
    """
        a alter and change changes db database edit fix fixed fixes misc migrate migration
        migrations minor mod modify more my new other patch quick schema some stuff table
        temp test the thing things tmp todo tweak tweaks update updates various wip work
        """.split()
)
_FORMAT = "%Y%m%d_%H%M%S"
_DIGITS = _FORMAT.replace("_", "")


def sound_name(words: str) -> str:
    """Return the words as a file's name: small letters and digits of any script, underscores.

    Args:
        words: What the user wrote: `Add experience`, `AddExperience`, `añadir café`.

    Raises:
        UsageError: There is no letter or digit in it.
    """
    text = unicodedata.normalize("NFKD", words.removesuffix(".py"))
    # An accent on a Latin letter goes; in other scripts a mark is part of the word.
    text = re.sub("([A-Za-z])[\u0300-\u036f]+", r"\1", text)
    text = unicodedata.normalize("NFC", text)
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text).lower()
    name = "".join(char if unicodedata.category(char)[0] in "LNM" else "_" for char in text)
    name = re.sub("_+", "_", name).strip("_")
    if not name:
        raise UsageError(
            f"{words!r} has no letter or digit to make a file name of.",
            state="nothing was written.",
            next="say what the migration does: create add_experience",
        )
    return _shortened(name)


def _shortened(name: str) -> str:
    if len(name.encode()) <= _LONGEST:
        return name
    cut = name.encode()[:_LONGEST].decode("utf-8", "ignore")
    return (cut[: cut.rindex("_")] if "_" in cut[_LONGEST // 2 :] else cut).strip("_")


def says_nothing(name: str) -> bool:
    """Whether a sound name tells a reader of the folder nothing: `update`, `fix`, `migration1`."""
    words = [word.strip("0123456789") for word in name.split("_")]
    return all(not word or word in _SAYS_NOTHING for word in words)


def next_prefix(files: tuple[MigrationFile, ...], now: datetime | None = None) -> str:
    """Return the timestamp of a new file: now (UTC), and later than the newest file there.

    Args:
        files: The folder's migrations, in their order.
        now: The time; None asks the clock.
    """
    prefix = (now or datetime.now(timezone.utc)).strftime(_FORMAT)
    if not files or order_of(prefix) > files[-1].order:
        return prefix
    newest = str(files[-1].order)  # whichever way it is written
    try:
        time = datetime.strptime(newest, _DIGITS)  # noqa: DTZ007
        return (time + timedelta(seconds=1)).strftime(_FORMAT)
    except (ValueError, OverflowError):
        digits = str(files[-1].order + 1)  # no time, so only its digits can be counted on
        return f"{digits[:8]}_{digits[8:14]}{digits[14:]}" if len(digits) == 14 else digits
