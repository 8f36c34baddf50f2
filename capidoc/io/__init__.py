"""Io: how files are read and written — raw exports, tables kept by hand, CSV, workbooks, YAML, the manifest."""
