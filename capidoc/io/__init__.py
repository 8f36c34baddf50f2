"""Io: read and write files — raw exports, tables, workbooks, YAML, the manifest."""
