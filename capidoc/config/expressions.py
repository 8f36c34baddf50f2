"""Read the expressions of XLSForm: XPath's operators, ODK's functions, the answers of one record.

Refused: paths, axes, what looks at other records (`position`, `count` of a repeat, `pulldata`…).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lark import Lark, Tree, UnexpectedInput

from capidoc.core.parsing import normalize_letters

# Operators have NumPy's names. « ../x » is how « or_other » spells ${x}; a quoted text may come
# from a word processor.
GRAMMAR = r"""
?start: expression
?expression: conjunction | expression "or" conjunction -> either
?conjunction: equality | conjunction "and" equality -> both
?equality: relation | equality "=" relation -> equal | equality "!=" relation -> differ
?relation: total
    | relation "<" total -> less | relation "<=" total -> less_equal
    | relation ">" total -> greater | relation ">=" total -> greater_equal
?total: product | total "+" product -> add | total "-" product -> subtract
?product: signed
    | product "*" signed -> multiply | product "div" signed -> divide | product "mod" signed -> fmod
?signed: atom | "-" signed -> negative
?atom: "(" expression ")" | NUMBER -> number | TEXT -> text
    | "${" QUESTION "}" -> reference | "../" QUESTION -> reference | OWN -> reference
    | FUNCTION "(" (expression ("," expression)*)? ")" -> call
NUMBER: /\d+(\.\d*)?|\.\d+/
TEXT: /'[^']*'|"[^"]*"|[‘’][^’]*’|“[^”]*”/
QUESTION: /\w[\w.\/-]*/
OWN: "."
FUNCTION: /[a-zA-Z][\w:-]*(?=\s*\()/
%ignore /\s+/
"""
OWN = "."  # the answer that a constraint judges
MANY = 99
DEEPEST = 300  # operations in each other: Python's own stack holds three times as many
# How few and how many arguments each function takes.
FUNCTIONS = {
    **dict.fromkeys(("true", "false", "today"), (0, 0)),
    **dict.fromkeys(("not", "boolean", "number", "string", "int", "abs", "sqrt", "floor"), (1, 1)),
    **dict.fromkeys(("ceiling", "string-length", "count-selected"), (1, 1)),
    **dict.fromkeys(("date", "decimal-date-time"), (1, 1)),
    **dict.fromkeys(("pow", "selected", "selected-at", "regex", "format-date"), (2, 2)),
    **dict.fromkeys(("contains", "starts-with", "ends-with"), (2, 2)),
    **dict.fromkeys(("min", "max", "sum", "concat"), (1, MANY)),
    "if": (3, 3),
    "round": (1, 2),
    "substr": (2, 3),
    "coalesce": (2, MANY),
}


class UnsupportedExpression(ValueError):
    """An expression that the answers of one record cannot give; the message is in French."""


@dataclass(frozen=True)
class Expression:
    """An expression that was read: its tree, the questions (or OWN) that it reads, each once."""

    tree: Tree[Any]
    reads: tuple[str, ...]


@lru_cache
def parse(text: str) -> Expression:
    """Return the expression that a text says; raise UnsupportedExpression."""
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        rest = text[error.pos_in_stream or 0 :][:30] or "rien"
        cause = f"expression illisible à partir de « {rest} »"
        raise UnsupportedExpression(cause) from None
    inner = [tree]
    for _ in range(DEEPEST):
        inner = [part for node in inner for part in node.children if isinstance(part, Tree)]
    if inner:
        raise UnsupportedExpression(f"plus de {DEEPEST} opérations l’une dans l’autre")
    for call in tree.find_data("call"):
        name, *arguments = call.children
        if name not in FUNCTIONS:
            cause = f"la fonction « {name} » ne se calcule pas ici"
            raise UnsupportedExpression(f"{cause} (fonctions admises : {', '.join(FUNCTIONS)})")
        least, most = FUNCTIONS[str(name)]
        if not least <= len(arguments) <= most:
            raise UnsupportedExpression(f"nombre d’arguments de {name}() : {len(arguments)}")
    reads = (str(node.children[0]) for node in tree.find_data("reference"))
    return Expression(tree, tuple(dict.fromkeys(reads)))


def compared_answers(expression: Expression) -> list[tuple[str, str]]:
    """Return each question that is compared with a quoted answer, not '', and the answer."""
    pairs = []
    for node in expression.tree.iter_subtrees():
        if node.data in ("equal", "differ") or node.children[:1] == ["selected"]:
            parts = {part.data: str(part.children[0]) for part in node.children[-2:]}
            if parts.keys() == {"reference", "text"} and len(parts["text"]) > 2:
                pairs.append((parts["reference"], normalize_letters(parts["text"][1:-1])))
    return pairs


@lru_cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr")
