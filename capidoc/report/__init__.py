"""Report: what the document says, how it looks, and how it becomes a file."""
