"""What the sample's migrations work on: an SQLite file here, or what DATABASE_URL says."""

import os

from wheatear import connect, migrator_for

db = connect(os.environ.get("DATABASE_URL", "sqlite:///game.db"))
migrator = migrator_for(db)
