"""Cleaning: what is kept, what was changed, what deserves a look."""

from capidoc.cleaning.pipeline import Cleaned, clean

__all__ = ["Cleaned", "clean"]
