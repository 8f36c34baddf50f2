"""Three steps that have nothing to do.

What is measured is how long a chain takes to see that nothing changed.
"""

from pathlib import Path


def nettoyer(product):
    """Make its product."""
    Path(product).write_text("propre")


def effets(product, upstream):
    """Make its product."""
    Path(product).write_text(Path(upstream["nettoyer"]).read_text())


def rapport(product, upstream):
    """Make its product."""
    Path(product).write_text(Path(upstream["effets"]).read_text())
