"""Ingest: what was received, in the form's own words."""

from capidoc.ingest.received import Received, receive

__all__ = ["Received", "receive"]
