"""Cleaning: what is kept, what was changed, what deserves a look."""

from capidoc.cleaning.observations import Cleaned, clean

__all__ = ["Cleaned", "clean"]
