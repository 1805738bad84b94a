"""Changes as source: what all engines have in common, a kind of thing a file."""
