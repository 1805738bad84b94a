"""Keeps passwords out of whatever is printed or recorded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import quote

MASK = "***"
_TELLING = 8
"""From so many letters on, a password with digits or signs in it stands nowhere by chance."""
# The login of any URL without spaces, whoever's it is, but for that of our own examples.
_LOGIN = re.compile(r"""(?<=\w)(://[^\s:/?#@'"]*:)(?!(?:\*{3}|password)@)[^\s'"]+(?=@)""")
_BEFORE = (
    r"(?:password|passwd|passphrase|pwd|identified(?:\s+with\s+\S+)?\s+(?:by|as))"
    r"""[^\w\n.]{0,6}[=:('"][^\w\n.]{0,6}"""
)
_USER = r"://[^\s:/?#@]*:"
_TEXT = re.compile(r"'(?:[^']|'')*'")
_NAME = re.compile(r'("[^"\n]*"|`[^`\n]*`)')


class Mask:
    """Replaces secrets in a text.

    A password may be an ordinary word, and a table's name too: then where it stands tells which of
    them is meant. In any text it is hidden in URLs, and behind a word such as `password` or
    `IDENTIFIED BY` with nothing but signs between. In statements it is hidden inside quoted texts
    too, but not in names; in the words of drivers and other people's code wherever it is a word.
    One that can hardly be a name, eight letters or more with digits or signs among them, is hidden
    in any text, inside words too.

    Args:
        secrets: The words.
        public: What is shown anyway: a password that is also the user's name is none.
    """

    def __init__(self, secrets: Iterable[str] = (), *, public: str = "") -> None:
        self._anywhere: list[re.Pattern[str]] = []
        self._placed: list[re.Pattern[str]] = []
        self._words: list[re.Pattern[str]] = []
        for secret in filter(None, secrets):
            # As it is, and as URLs, JSON and tracebacks write it.
            forms = {
                secret,
                quote(secret, safe=""),
                json.dumps(secret, ensure_ascii=False)[1:-1],
                repr(secret)[1:-1],
            }
            shown = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
            word = re.compile(rf"(?<!\w)(?:{shown})(?!\w)")
            if word.search(public):
                continue
            if len(secret) >= _TELLING and re.search(r"[\W\d]", secret):
                self._anywhere.append(re.compile(shown))
            else:
                self._words.append(word)
                self._placed.append(re.compile(rf"((?i:{_BEFORE})|{_USER})(?:{shown})(?!\w)"))

    def __call__(self, text: str) -> str:
        """Return any text without secrets."""
        text = _LOGIN.sub(rf"\g<1>{MASK}", text)
        for pattern in self._anywhere:
            text = pattern.sub(MASK, text)
        for pattern in self._placed:
            text = pattern.sub(rf"\g<1>{MASK}", text)
        return text

    def statement(self, sql: str) -> str:
        """Return a statement without secrets: inside its quoted texts, they may be any word."""
        return self(_TEXT.sub(lambda found: self._worded(found.group()), sql))

    def foreign(self, text: str, *, names: bool = False) -> str:
        """Return the words of a driver, or of other people's code, without secrets.

        Args:
            text: The words.
            names: They are about a statement: what is quoted as its names are is shown.
        """
        text = self(text)
        if not names:
            return self._worded(text)
        pieces = _NAME.split(text)  # every second one is a name
        pieces[::2] = map(self._worded, pieces[::2])
        return "".join(pieces)

    def _worded(self, text: str) -> str:
        for pattern in self._words:
            text = pattern.sub(MASK, text)
        return text
