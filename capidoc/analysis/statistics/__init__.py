"""Pure functions over numbers, one statistic each, with its source; they import no other package.

Missing values are NaN and are left out (pairs only where both moments are known). What cannot be
estimated raises NotEstimable.
"""

from capidoc.analysis.statistics.change import (
    attrition_bounds,
    change_percent,
    influence,
    months_inclusive,
    share_percent,
)
from capidoc.analysis.statistics.design import (
    Design,
    domain_median,
    domain_ratio,
    domain_ratio_change,
    domain_total,
    weighted_mean,
    weighted_quantile,
)
from capidoc.analysis.statistics.estimate import Estimate, NotEstimable, Significance
from capidoc.analysis.statistics.paired import mcnemar_test, median_change, signed_rank_test
