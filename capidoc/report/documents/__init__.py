"""One Markdown text as HTML, PDF and Word files, by way of one tree prepared for the three."""
