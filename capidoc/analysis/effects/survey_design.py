"""The design of a sample's rows, as the plan and its programme declare it."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from capidoc.analysis.statistics import Calibration, Design, calibrate
from capidoc.config.indicator_plan import Indicator
from capidoc.core.errors import ConfigurationRefused, Problem, QualityRefused
from capidoc.core.fact_ids import Trait
from capidoc.core.schema import KNOWN_TOTAL_COLUMNS, UNIT_KEY

# The share by which known totals of two attributes may differ: they are rounded apart.
TOTALS_TOLERANCE = 0.005


class SampleRows(NamedTuple):
    """Rows of a sample, over which its groups are estimated: those out of a group say nothing.

    `places` tells where each row of the whole sample is among these, -1 for one left out.
    """

    places: np.ndarray
    weights: np.ndarray
    design: Design

    def spread(self, units: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the columns of a group's units on these rows, missing on the others."""
        places = self.places[units["place"]]
        inside = places >= 0
        columns = {"poids": self.weights}
        for name in ("valeur", "base"):
            if name in units:
                columns[name] = np.full(len(self.weights), np.nan)
                columns[name][places[inside]] = units[name][inside]
        return columns


def sample_rows(
    indicator: Indicator, sample: pd.DataFrame, kept: pd.Series, is_panel: bool = False
) -> SampleRows:
    """Return the rows kept of a sample's unit values, and their design."""
    places = np.where(kept, np.cumsum(kept) - 1, -1)
    rows = sample[kept]
    design = survey_design(indicator, rows, is_panel)
    return SampleRows(places, rows["poids"].to_numpy(float), design)


def survey_design(indicator: Indicator, rows: pd.DataFrame, is_panel: bool) -> Design:
    """Return the design of a sample's unit values at one or several moments.

    A unit that comes back is one draw: what it brings at each moment adds up. Of fresh samples,
    each moment is a stratum of its own.
    """
    units, strata = pd.Series(_codes(rows["unite"])), pd.Series(_codes(rows["strate"]))
    if is_panel:
        strata = strata.groupby(units).transform("first")
    else:
        strata += (strata.max() + 1) * _codes(rows["moment"])
    clusters = _codes(rows["grappe"]) if indicator.grappe else units
    population = rows["taille"] if indicator.taille_population else None
    return Design(clusters, strata, population, indicator.strate_seule, _calibration(rows))


def _codes(labels: pd.Series) -> np.ndarray:
    return pd.factorize(labels)[0].astype(np.int64)


def check_population(indicator: Indicator, rows: pd.DataFrame) -> None:
    """Raise QualityRefused where a stratum has fewer clusters than were drawn of it."""
    if not indicator.taille_population:
        return
    drawn = rows["grappe"] if indicator.grappe else rows["unite"]
    strata = rows.assign(tirees=drawn.astype(str)).groupby(["moment", "strate"], observed=True)
    sizes = strata.agg(tirees=("tirees", "nunique"), taille=("taille", "first"))
    for (_, stratum), size in sizes.iterrows():
        if size["taille"] < size["tirees"]:
            what = f"strate « {stratum} » : {size['tirees']:.0f} enquêtées, plus que la population"
            expected = "le nombre de grappes (ou d’unités, sans grappe) de toute la strate"
            place = ("indicateurs", "", None, "taille_population", f"{size['taille']:g}")
            raise QualityRefused(Problem(f"{what} ({indicator.id})", expected, "", *place))


def with_calibrated_weights(
    indicator: Indicator, rows: pd.DataFrame, known_totals: pd.DataFrame | None
) -> pd.DataFrame:
    """Return the rows with weights calibrated at each moment to the totals of `calage`.

    `poids_tirage` keeps the weights of the draw, and columns `calage_…` the auxiliary variables.
    Raise ConfigurationRefused where totals and answers are not of the same groups, or disagree.
    """
    if known_totals is None:
        known_totals = pd.DataFrame(columns=KNOWN_TOTAL_COLUMNS)
    auxiliary, totals = _auxiliary(indicator, rows, known_totals)
    parts = []
    for _, part in rows.groupby("moment", observed=True, sort=False):
        columns = auxiliary.loc[part.index]
        calibrated = calibrate(columns.to_numpy(), part["poids"].to_numpy(float), totals)
        if not (calibrated.weights > 0).all():
            what = f"le calage de {indicator.id} donne des poids négatifs"
            remedy = "Calez sur moins d’attributs, ou vérifiez les totaux."
            raise ConfigurationRefused(Problem(what, "", remedy, file="totaux_connus"))
        part = part.assign(poids_tirage=part["poids"], poids=calibrated.weights)
        parts.append(part.join(columns))
    return pd.concat(parts).loc[rows.index]


def with_weights_of(cells: pd.DataFrame, sample: pd.DataFrame) -> pd.DataFrame:
    """Return the cells with the weights that their unit has in the sample at each moment."""
    weights = sample.set_index(UNIT_KEY)["poids"]
    keys = pd.MultiIndex.from_frame(cells[UNIT_KEY])
    return cells.assign(poids=weights.reindex(keys).to_numpy())


def _auxiliary(
    indicator: Indicator, rows: pd.DataFrame, known_totals: pd.DataFrame
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the 0/1 column of each answer of the attributes, and the totals of these columns."""
    wanted = known_totals[known_totals["attribut"].isin(indicator.calage)]
    columns: dict[str, pd.Series] = {}
    for attribute in indicator.calage:
        cells = rows[Trait(attribute).column].astype(object)
        known = wanted.loc[wanted["attribut"] == attribute, "reponse"]
        for answer in set(cells) ^ set(known):
            what = "une réponse, et un total connu, l’un sans l’autre"
            expected = f"un total pour chaque réponse, et pas d’autre ({indicator.id})"
            place = ("totaux_connus", "", None, attribute, answer or "(vide)")
            raise ConfigurationRefused(Problem(what, expected, "", *place))
        columns |= {f"calage_{attribute}={a}": (cells == a).astype(float) for a in known}
    sums = wanted.groupby("attribut")["total"].sum()
    if sums.max() > sums.min() * (1 + TOTALS_TOLERANCE):
        what, expected = "totaux connus qui ne s’accordent pas", "la même population en tout"
        texts = [f"{name} : {total:g}" for name, total in sums.items()]
        problem = Problem(what, expected, file="totaux_connus", value=" ; ".join(texts))
        raise ConfigurationRefused(problem)
    order = pd.Categorical(wanted["attribut"], indicator.calage).argsort(kind="stable")
    return pd.DataFrame(columns), wanted["total"].to_numpy(float)[order]


def _calibration(rows: pd.DataFrame) -> Calibration | None:
    """Return the calibration of rows, each moment by itself."""
    names = [name for name in rows if str(name).startswith("calage_")]
    if not names or rows.empty:
        return None
    at_moments = [rows[names].where(rows["moment"] == m, 0.0) for m in rows["moment"].unique()]
    auxiliary = np.hstack([columns.to_numpy(float) for columns in at_moments])
    return Calibration(
        auxiliary, rows["poids_tirage"].to_numpy(float), rows["poids"].to_numpy(float)
    )
