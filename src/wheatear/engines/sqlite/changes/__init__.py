"""The changes of a table, each a value that draws itself on a `Draft`."""
