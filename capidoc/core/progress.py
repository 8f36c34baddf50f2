"""Messages for whoever watches the command on a terminal."""

import sys


def is_terminal():
    """Whether somebody watches: progress is for them only."""
    return bool(sys.stderr and sys.stderr.isatty())  # a job may have none


def show_progress(text):
    """Nothing: the text is shown to whoever watches."""
    if is_terminal():
        print(text, file=sys.stderr)
