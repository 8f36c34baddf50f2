"""Analysis: the facts — statistics, effects, and the table that documents read."""
