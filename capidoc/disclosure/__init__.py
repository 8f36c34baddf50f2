"""Disclosure: what a public document may show, and the proof that it shows no more."""
