"""The Jinja of documents: what a page of recit/ may ask of it, and how much work any text may."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.sandbox import ImmutableSandboxedEnvironment

from capidoc.core.errors import ConfigurationRefused, Problem
from capidoc.io import narrative_pages
from capidoc.report import markdown_lint

TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
# A page names numbers, chooses words and lists them; what computes or defines has no place there.
PAGE_NODES = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.List, nodes.Tuple),
    *(nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Call, nodes.Keyword, nodes.Concat),
    *(nodes.If, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not),
    *(nodes.Neg, nodes.Slice),
    *(nodes.For, nodes.CallBlock, nodes.Include, nodes.Import, nodes.Filter, nodes.Test),
)
PAGE_FILTERS = (
    *("capitalize", "default", "first", "join", "last", "length", "list", "lower"),
    *("reverse", "sort", "trim", "upper"),
)
ENDLESS = ("range", "lipsum", "cycler", "joiner")  # Jinja's own functions that nobody needs
# Blocks that are entered (turns of loops, macros, pages): a hundred times the longest document's.
MOST_BLOCKS = 300_000


class _CountingGenerator(CodeGenerator):
    """Compiles templates so that each block that is entered is counted."""

    def blockvisit(self, nodes: Iterable[nodes.Node], frame: Frame) -> None:
        self.writeline("environment.count_block()")
        super().blockvisit(nodes, frame)


class NarrativeEnvironment(ImmutableSandboxedEnvironment):
    """Jinja in its sandbox: people's pages are checked as they are read, all work is bounded."""

    code_generator_class = _CountingGenerator
    intercepted_binops = frozenset(("*", "**"))

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.blocks = 0
        for name in ENDLESS:
            del self.globals[name]

    def preprocess(self, source: str, name: str | None = None, filename: str | None = None) -> str:
        """Return the text without comments, line for line; refuse as `check_markdown` does."""
        text = narrative_pages.strip_comments(source)
        if name and name.endswith(".md"):
            markdown_lint.check_markdown(text, name.removeprefix("recit/"))
        return super().preprocess(text, name, filename)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        template = super()._parse(source, name, filename)
        if name is None or name.endswith(".md"):
            file = (name or "").removeprefix("recit/")
            ConfigurationRefused.raise_any(_refused_expressions(template, file))
        return template

    def count_block(self) -> None:
        """Count a block that is entered; raise ConfigurationRefused after too many."""
        self.blocks += 1
        if self.blocks > MOST_BLOCKS:
            expected = f"au plus {MOST_BLOCKS} tours"
            raise ConfigurationRefused(Problem("boucle trop longue", expected, "Ôtez-la."))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Return a product of numbers; raise TypeError for a power or a repeated text."""
        if operator == "**" or not all(isinstance(term, int | float) for term in (left, right)):
            raise TypeError(operator)
        return left * right


def _refused_expressions(template: nodes.Template, file: str) -> Iterator[Problem]:
    """Yield what a page asks of Jinja and may not, each with its line."""
    what, expected = "écriture refusée dans un texte", "un nombre par son nom, un « if »…"
    remedy = "Ce qui se calcule s’écrit au plan, comme un indicateur de règle quotient."
    for node in template.find_all(nodes.Node):
        if refused := _refused_part(node):
            yield Problem(what, expected, remedy, file, row=node.lineno, value=refused)


def _refused_part(node: nodes.Node) -> str:
    """Return what of an expression a page may not say, or ""."""
    if not isinstance(node, PAGE_NODES):
        return getattr(node, "operator", "") or type(node).__name__.lower().replace("assign", "set")
    if isinstance(node, nodes.Filter) and node.name not in PAGE_FILTERS:
        return f"| {node.name}"
    if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        return f".{node.attr}"
    if isinstance(node, nodes.Call):
        called = node.node
        if isinstance(called, nodes.Getattr) and hasattr(str, called.attr):
            return f".{called.attr}()"
        if not isinstance(called, nodes.Name | nodes.Getattr):
            return "()"
    return ""
