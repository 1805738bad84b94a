"""What Wheatear knows of each database, behind one protocol."""
