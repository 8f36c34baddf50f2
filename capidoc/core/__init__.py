"""Core: what every other package may use — errors, French, the names of tables and facts. It imports nothing of ours."""
