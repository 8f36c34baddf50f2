"""Show progress to whoever watches the command on a terminal."""

import sys


def is_terminal() -> bool:
    """Tell whether the error stream is a terminal: progress is shown there only."""
    return bool(sys.stderr and sys.stderr.isatty())  # a scheduled job may have no stream


def show_progress(text: str) -> None:
    """Print `text` on the terminal, if there is one."""
    if is_terminal():
        print(text, file=sys.stderr)
