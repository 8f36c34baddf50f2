"""When an indicator is measured: the moments that it compares, in order, and their names."""

from dataclasses import dataclass

from capidoc.config.indicator_plan import ENDS, Indicator
from capidoc.config.programme_model import Identity, Period, Round, Source
from capidoc.core import french
from capidoc.core.fact_ids import Trait


@dataclass(frozen=True)
class Schedule:
    """The moments of indicators within a period: months, « 2022-05 », or names of rounds."""

    identity: Identity
    period: Period

    def source(self, indicator: Indicator) -> Source:
        """Return the source of an indicator, that of the submissions for a repeat."""
        return self.identity.sources[indicator.source.partition(".")[0]]

    def rounds(self, indicator: Indicator) -> dict[str, Round]:
        """Return the rounds of its source that overlap the period, by name, in order of time."""
        rounds, (first, last) = self.source(indicator).rounds, (self.period.debut, self.period.fin)
        return {name: window for name, window in rounds if window.overlaps(first, last)}

    def compared(self, indicator: Indicator) -> tuple[str, ...]:
        """Return the moments that it compares, two or more in order; none for a single moment."""
        if not indicator.moments:
            return ()
        named = [*self.rounds(indicator)]
        if indicator.moments != ENDS:
            named = [name for name in named if name in indicator.moments]
        if len(named) < 2:
            return self.period.debut, self.period.fin
        return tuple(named) if indicator.moments != ENDS else (named[0], named[-1])

    def course(self, indicator: Indicator) -> list[str]:
        """Return the moments of its course: the rounds of its source, or every month."""
        return [*self.rounds(indicator)] or self.period.months

    def month(self, indicator: Indicator, moment: str) -> str:
        """Return the month of a moment; that in which a round begins."""
        rounds = self.source(indicator).passages
        return rounds[moment].debut.isoformat()[:7] if moment in rounds else moment

    def label(self, indicator: Indicator, moment: str) -> str:
        """Return a moment in words: « mai 2022 », or the label of the round."""
        if moment in self.source(indicator).passages:
            return self.identity.round_labels[moment]
        return french.format_month(moment)

    def is_panel(self, indicator: Indicator) -> bool:
        """Return whether the same units come back from one moment to the next."""
        source = self.source(indicator)
        return bool(source.identifiant) and source.tirage == "panel"

    def controls(self, indicator: Indicator) -> Trait | None:
        """Return the trait of the comparison group; None where its source has none."""
        comparison = self.source(indicator).comparaison
        return Trait(comparison.attribut, comparison.temoins) if comparison else None
