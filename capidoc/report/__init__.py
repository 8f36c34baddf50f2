"""Report: what the document says, how it looks, and how it becomes a file."""

from capidoc.report.causal_language import check_wording
from capidoc.report.chart_cache import cached_charts, declared_charts
from capidoc.report.claims.claim_rules import find_omissions
from capidoc.report.claims.published_claims import claimed_facts, load_claims, verify_claims
from capidoc.report.photos import publish_photo
from capidoc.report.template_names import template_context
from capidoc.report.templating import (
    chart_caption,
    chart_title,
    figure_markdown,
    photo_markdown,
    render_document,
    testimony,
    with_alt_texts,
)
from capidoc.report.tracking_table import write_tracking
