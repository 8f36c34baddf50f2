"""How the rows of a sample were drawn, and the variance that follows.

Särndal, Swensson & Wretman 1992, 4.3 and 5.8, as R's survey package has them (Lumley 2004): with z
what each row brings to an estimate, summed by cluster, the variance is
Σ_h (1 − n_h/N_h) n_h/(n_h−1) Σ(z − z̄_h)² over the n_h clusters of each stratum h. Clusters drawn
first carry the whole of it, however rows were drawn within.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from capidoc.analysis.statistics.calibration import Calibration
from capidoc.analysis.statistics.estimate import FloatArray, NotEstimable, as_floats

IntArray = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Design:
    """The design of each row of a sample; by default each is drawn by itself, in one stratum.

    `population` is how many clusters its stratum has, for the finite correction. `lone` is what is
    done with a stratum of one cluster, R's `survey.lonely.psu`: « adjust » centres it on the whole
    sample, « certainty » gives it no variance; else nothing is estimable. Clusters of the same
    label in two strata are two.
    """

    clusters: ArrayLike | None = None
    strata: ArrayLike | None = None
    population: ArrayLike | None = None
    lone: str = ""
    calibration: Calibration | None = None


SIMPLE = Design()


class Variance(NamedTuple):
    """The variance of an estimate, and its degrees of freedom: clusters less strata."""

    value: float
    degrees: int


def design_variance(z: FloatArray, design: Design) -> Variance:
    """Return the variance of an estimate to which the rows of the whole sample bring z.

    Raise NotEstimable where a stratum has one cluster and the design does not say what then, or
    where there are no more clusters than strata.
    """
    if design.calibration is not None:
        z = design.calibration.residuals(z)
    cluster, stratum, population = _clusters(design, len(z))
    totals = np.bincount(cluster, z)
    sizes = np.bincount(stratum)
    is_lone = sizes == 1
    deviations = totals - (np.bincount(stratum, totals) / sizes)[stratum]
    if is_lone.any():
        if not design.lone:
            raise NotEstimable("une strate n’a qu’une grappe, et le plan ne dit pas qu’en faire")
        if design.lone == "adjust":
            deviations = np.where(is_lone[stratum], totals, deviations)
    degrees = len(totals) - len(sizes)
    if degrees < 1:
        raise NotEstimable("pas plus de grappes que de strates")
    factors = np.where(is_lone, 1, sizes / np.maximum(sizes - 1, 1))[stratum]
    factors = factors * (1 - sizes[stratum] / population)
    return Variance(float((factors * deviations**2).sum()), degrees)


def cluster_count(rows: ArrayLike, design: Design) -> int:
    """Return how many clusters the rows (true or false for each of the sample) come from."""
    inside = as_floats(rows)
    cluster, _, _ = _clusters(design, len(inside))
    return int((np.bincount(cluster, inside) > 0).sum())


@lru_cache(maxsize=32)  # a design serves all the groups of an indicator
def _clusters(design: Design, count: int) -> tuple[IntArray, IntArray, FloatArray]:
    """Return the cluster of each of so many rows, and the stratum of each cluster (0, 1, …).

    Then the population of the latter, infinite where it is not known.
    """
    rows = np.arange(count)
    stratum = np.zeros_like(rows) if design.strata is None else _codes(design.strata)
    labels = rows if design.clusters is None else _codes(design.clusters)
    pairs = stratum * (labels.max(initial=0) + 1) + labels
    _, first, cluster = np.unique(pairs, return_index=True, return_inverse=True)
    population = np.full(len(first), np.inf)
    if design.population is not None:
        population = as_floats(design.population)[first]
    return cluster, stratum[first], population


def _codes(labels: ArrayLike) -> IntArray:
    return np.unique(np.asarray(labels), return_inverse=True)[1]
