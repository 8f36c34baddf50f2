"""Report: what the document says, how it looks, and how it becomes a file.

Each name is imported when first asked for, so that a command pays only for what it uses.
"""

from importlib import import_module
from typing import Any

_MODULES = {
    "cached_charts": "chart_cache",
    "chart_caption": "templating",
    "chart_title": "templating",
    "check_printed": "printed_consistency",
    "check_wording": "causal_language",
    "claimed_facts": "claims.published_claims",
    "declared_charts": "chart_cache",
    "displayed_markdown": "notebook_document",
    "figure_markdown": "templating",
    "find_omissions": "claims.claim_rules",
    "load_claims": "claims.published_claims",
    "photo_markdown": "templating",
    "publish_photo": "photos",
    "render_document": "templating",
    "template_context": "template_names",
    "testimony": "templating",
    "trace_numbers": "number_tracing",
    "verify_claims": "claims.published_claims",
    "with_alt_texts": "templating",
}
__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
    """Return the public function `name`, its module being imported now."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
