"""Backups of a database that is one file: made before a run, listed, and put back."""
