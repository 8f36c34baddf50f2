"""How the code reads: `python -m tests.metrics [folder …]` prints one table, a column a folder."""

import ast
import statistics
import sys
from collections import Counter
from pathlib import Path

LIMIT = 100
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def measures(folder: Path) -> dict[str, str]:
    """The figures of every Python file under `folder`, by label."""
    files = sorted(folder.rglob("*.py"))
    texts = [path.read_text(encoding="utf-8") for path in files]
    lines = [line for text in texts for line in text.splitlines()]
    code = [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]
    nodes = [node for text in texts for node in ast.walk(ast.parse(text))]
    lengths = sorted(function_lengths(nodes))
    parameters = [parameter for node in nodes for parameter in own_parameters(node)]
    typed = sum(parameter.annotation is not None for parameter in parameters)
    nested = sum(is_nested_comprehension(node) for node in nodes)
    folders = Counter(path.parent for path in files if path.name != "__init__.py")
    return {
        "lines": f"{len(lines)}",
        f"lines over {LIMIT} columns, %": percent(sum(len(line) > LIMIT for line in lines), lines),
        "characters per line of code": f"{sum(map(len, code)) / max(len(code), 1):.0f}",
        "nested comprehensions per 1 000 lines": f"{1000 * nested / max(len(lines), 1):.1f}",
        "parameters annotated, %": percent(typed, parameters),
        "most modules in one folder": f"{max(folders.values(), default=0)}",
        "function, median / p90 / max lines": quantiles(lengths),
        "functions over 40 lines": f"{sum(length > 40 for length in lengths)}",
        "docstrings that begin with « Nothing »": f"{sum(map(says_nothing, nodes))}",
    }


def function_lengths(nodes: list[ast.AST]) -> list[int]:
    """The number of lines of each function, its decorators left out."""
    return [node.end_lineno - node.lineno + 1 for node in nodes if isinstance(node, FUNCTIONS)]


def own_parameters(node: ast.AST) -> list[ast.arg]:
    """The parameters of a function or method that a hint could describe; none of another node."""
    if not isinstance(node, FUNCTIONS):
        return []
    every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return [parameter for parameter in every if parameter.arg not in ("self", "cls")]


def is_nested_comprehension(node: ast.AST) -> bool:
    """Whether a comprehension holds another one, or loops twice."""
    if not isinstance(node, COMPREHENSIONS):
        return False
    inner = [child for child in ast.walk(node) if isinstance(child, COMPREHENSIONS)]
    return len(inner) > 1 or len(node.generators) > 1


def says_nothing(node: ast.AST) -> bool:
    """Whether a function's docstring tells that it returns nothing, instead of what it does."""
    return isinstance(node, FUNCTIONS) and (ast.get_docstring(node) or "").startswith("Nothing")


def percent(part: int, whole: list) -> str:
    """The part in percent of a list's length."""
    return f"{100 * part / max(len(whole), 1):.1f}"


def quantiles(lengths: list[int]) -> str:
    """« median / ninth tenth / longest » of some lengths, in lines."""
    if len(lengths) < 2:
        return "–"
    ninth = statistics.quantiles(lengths, n=10, method="inclusive")[-1]
    return f"{statistics.median(lengths):.0f} / {ninth:.0f} / {lengths[-1]}"


def main(folders: list[str]) -> None:
    """Print the table of these folders, or of the package."""
    columns = [measures(Path(folder)) for folder in folders]
    print(f"| | {' | '.join(folders)} |\n|{'---|' * (len(folders) + 1)}")
    for label in columns[0]:
        print(f"| {label} | {' | '.join(column[label] for column in columns)} |")


if __name__ == "__main__":
    main(sys.argv[1:] or ["capidoc"])
