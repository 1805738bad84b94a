"""PostgreSQL, as Wheatear sees it."""
