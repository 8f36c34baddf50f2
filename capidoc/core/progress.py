"""Show messages to whoever watches the command on a terminal."""

import sys


def is_terminal() -> bool:
    """Return whether somebody watches; a scheduled job may have no error stream at all."""
    return bool(sys.stderr and sys.stderr.isatty())


def show_progress(text: str) -> None:
    """Print the text if somebody watches."""
    if is_terminal():
        print(text, file=sys.stderr)
