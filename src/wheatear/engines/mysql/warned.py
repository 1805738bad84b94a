"""What is warned of: the change is made, and something beside it is not as one might think."""

from __future__ import annotations


class NotAppliedWarning(UserWarning):
    """A field says something that this operation does not apply."""


class BrokenByRenameWarning(UserWarning):
    """Something still says the old name, and fails until it is made anew."""


class TriggersFireWarning(UserWarning):
    """Filling a column is an UPDATE of each row, and the table's triggers run."""
