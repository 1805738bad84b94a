"""`python -m wheatear`."""

from __future__ import annotations

from wheatear.cli import main

if __name__ == "__main__":
    main()
