"""Warnings that point at the user's line, as the errors do."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from types import FrameType

from playhouse.migrate import Operation

_OURS = (str(Path(__file__).parents[1]), sys.modules[Operation.__module__].__file__ or "")


def warn(text: str, category: type[UserWarning]) -> None:
    """Warn at the first line outside Wheatear and playhouse."""
    level = 1
    frame: FrameType | None = sys._getframe(0)
    while frame is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
        level += 1
    warnings.warn(text, category, stacklevel=level)
