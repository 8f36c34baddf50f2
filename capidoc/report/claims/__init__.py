"""Claims: the figures that a published document already prints, re-verified."""
