"""How does one Markdown text become three files: a tree prepared once, then written as HTML, PDF and Word."""
