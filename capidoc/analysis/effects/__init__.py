"""What changed: the facts of a plan's indicators, computed over observations."""

from capidoc.analysis.effects.by_unit import contributions, influence
from capidoc.analysis.effects.every_indicator import compute
from capidoc.analysis.effects.indicator_cells import restrict_to_commune
