"""SQLite, as Wheatear sees it."""
