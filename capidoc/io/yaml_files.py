"""Read the YAML files that people write, every scalar as text, with errors in French."""

from pathlib import Path
from typing import Any

import yaml

from capidoc.core.errors import ConfigurationRefused, Problem

DEEPEST = 50  # lists or mappings in each other: what people write has six
ADVICE = "Vérifiez l’alignement, les deux-points et les guillemets, ici ou juste avant."


class RefusedYaml(yaml.MarkedYAMLError):
    """What YAML allows and we do not; its problem is in French."""


# libyaml's loader where it is there: ten times faster.
_BaseLoader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class TextLoader(_BaseLoader):
    """Every scalar is text (« NO » stays « NO »); no tags, no duplicate keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return the mapping; raise RefusedYaml where a key is written twice."""
        keys = set()
        for key, _ in node.value:
            if (text := str(key.value)) in keys:
                problem = f"clé « {text} » écrite deux fois"
                raise RefusedYaml(problem=problem, problem_mark=key.start_mark)
            keys.add(text)
        return super().construct_mapping(node, deep)


def _check_events(text: str) -> None:
    """Raise RefusedYaml for what would fill the memory or the stack: aliases, nesting."""
    depth = 0
    for event in yaml.parse(text, TextLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):
            raise RefusedYaml(problem="alias YAML refusé", problem_mark=event.start_mark)
        if depth > DEEPEST:
            problem = f"plus de {DEEPEST} niveaux l’un dans l’autre"
            raise RefusedYaml(problem=problem, problem_mark=event.start_mark)


def read_yaml(path: Path) -> Any:
    """Return the content of a YAML file; raise ConfigurationRefused with its line."""
    try:
        text = path.read_text(encoding="utf-8")
        _check_events(text)
        return yaml.load(text, TextLoader) or {}
    except FileNotFoundError as error:
        remedy = "Créez-le, vide s’il n’a rien à dire."
        raise ConfigurationRefused(Problem("fichier absent", "", remedy, path.name)) from error
    except yaml.MarkedYAMLError as error:
        detail = f" : {error.problem}" if isinstance(error, RefusedYaml) else ""
        row = error.problem_mark.line + 1 if error.problem_mark else None
        problem = Problem(f"YAML illisible{detail}", remedy=ADVICE, file=path.name, row=row)
        raise ConfigurationRefused(problem) from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        problem = Problem("YAML illisible", "un texte en UTF-8", file=path.name)
        raise ConfigurationRefused(problem) from error
