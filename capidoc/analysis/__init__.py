"""What the observations say: indicators computed, and the facts table that documents quote."""

from capidoc.analysis.effects import compute, contributions, influence, restrict_to_commune
from capidoc.analysis.facts import build_facts, read_facts, write_facts
from capidoc.analysis.programme_facts import cleaning_facts, context_facts
from capidoc.analysis.reserves import survey_reserves
