"""The proof of disclosure: the tables that readers could write, and how far they may be off."""
