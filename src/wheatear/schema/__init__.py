"""A database's schema as a value."""
