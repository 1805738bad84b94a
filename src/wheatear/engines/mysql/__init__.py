"""MySQL and MariaDB, as Wheatear sees it."""
