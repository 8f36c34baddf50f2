"""Capidoc: from KoboToolbox exports to a French capitalisation document, every number bound to its
data.
"""
