"""Errors caught whole: the message, and the chain that a traceback would show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def raises(kind: type[BaseException], message: str | None = None) -> Iterator[Any]:
    """As `pytest.raises`; the whole message must be equal, and the chain of causes sound.

    An error with a `__context__` but no `__cause__` was raised while another was handled, and says
    "during handling of the above exception, another exception occurred": nobody meant that.
    """
    with pytest.raises(kind) as caught:
        yield caught
    assert type(caught.value) is kind
    check_chain(caught.value)
    if message is not None:
        assert str(caught.value) == message


def check_chain(error: BaseException) -> None:
    """Fail where an error of Wheatear's own came out of handling another without saying so."""
    one: BaseException | None = error
    while one is not None and type(one).__module__.startswith("wheatear"):
        assert one.__cause__ is one.__context__ or one.__context__ is None, (
            f"{one!r} has the context {one.__context__!r} but the cause {one.__cause__!r}"
        )
        one = one.__cause__
