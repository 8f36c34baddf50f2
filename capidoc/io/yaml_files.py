"""YAML files that people write, read as text, with French errors."""

import yaml

from capidoc.core.errors import ConfigurationRefused, Problem


class _Unwelcome(yaml.MarkedYAMLError):
    """What YAML allows and we do not; its problem is in French."""


class _Loader(getattr(yaml, "CBaseLoader", yaml.BaseLoader)):
    """Every scalar is text (« NO » stays « NO »); no tags, no duplicate keys."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        for key, _ in node.value:
            if keys.count(key.value) > 1:
                raise _Unwelcome(
                    problem=f"clé « {key.value} » écrite deux fois", problem_mark=key.start_mark
                )
        return super().construct_mapping(node, deep)


def read_yaml(path):
    """The content of a YAML file, all scalars as text; raises ConfigurationRefused with its line."""
    try:
        text = path.read_text(encoding="utf-8")
        for event in yaml.parse(text, _Loader):
            if isinstance(event, yaml.AliasEvent):
                raise _Unwelcome(problem="alias YAML refusé", problem_mark=event.start_mark)
        return yaml.load(text, _Loader) or {}
    except yaml.MarkedYAMLError as error:
        mark, ours = (
            error.problem_mark,
            f" : {error.problem}" if isinstance(error, _Unwelcome) else "",
        )
        raise ConfigurationRefused(
            Problem(
                f"YAML illisible{ours}",
                file=path.name,
                row=mark.line + 1 if mark else None,
                remedy="Vérifiez l’alignement, les deux-points et les guillemets, ici ou juste avant.",
            )
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigurationRefused(
            Problem("YAML illisible", "un texte en UTF-8", file=path.name)
        ) from error
