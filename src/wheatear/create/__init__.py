"""New files: a project's first ones, and migrations."""
