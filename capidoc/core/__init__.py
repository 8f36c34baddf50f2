"""Core: errors, French, names of tables and facts; it imports no other package of ours."""
