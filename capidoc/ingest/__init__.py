"""Ingest: what was received, in the form's own words."""

from capidoc.ingest.received import NO_UUID, Received, answers, receive
