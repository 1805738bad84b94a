"""Run the sample's migrations: `uv run manage_migrations.py --help`."""

from wheatear.cli import main

if __name__ == "__main__":
    main()
