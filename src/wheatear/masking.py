"""Keeps passwords out of whatever is printed or recorded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

MASK = "***"
# A shorter password is masked where it stands as a word: `p` is not to mask half of what is said.
_MASKED_WITHIN_WORDS = 8


class Mask:
    """Replaces secrets in a text.

    Args:
        secrets: The words.
        public: What is shown anyway: a password that is also the user's name is none.
    """

    def __init__(self, secrets: Iterable[str] = (), *, public: str = "") -> None:
        self._patterns: list[re.Pattern[str]] = []
        for secret in filter(None, secrets):
            # As it is, and as JSON and tracebacks write it.
            forms = {secret, json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}
            shown = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
            word = re.compile(rf"(?<!\w)(?:{shown})(?!\w)")
            if not word.search(public):
                inside = len(secret) >= _MASKED_WITHIN_WORDS
                self._patterns.append(re.compile(shown) if inside else word)

    def __call__(self, text: str) -> str:
        """Return the text without secrets."""
        for pattern in self._patterns:
            text = pattern.sub(MASK, text)
        return text
