"""What each statistic is: pure functions over numbers, with their source; nothing of ours is imported.

Missing values are NaN and are left out (pairs only where both moments are known). What cannot be estimated raises NotEstimable.
"""

from capidoc.analysis.statistics.change import (
    change_percent,
    deflated,
    directions,
    months_inclusive,
    share_percent,
)
from capidoc.analysis.statistics.design import (
    domain_mean,
    domain_median,
    domain_proportion,
    domain_ratio,
    domain_ratio_change,
    domain_total,
    weighted_mean,
    weighted_quantile,
)
from capidoc.analysis.statistics.numbers import Estimate, NotEstimable, Significance
from capidoc.analysis.statistics.paired import (
    mean_change,
    median_change,
    paired_t_test,
    ratio_of_totals,
    sign_test,
    signed_rank_test,
)
from capidoc.analysis.statistics.proportions import (
    clopper_pearson,
    exact_binomial_test,
    mcnemar_test,
    paired_proportions_difference,
    proportions_difference,
    wilson,
)
from capidoc.analysis.statistics.robustness import (
    AttritionBounds,
    Influence,
    attrition_bounds,
    holm,
    influence,
    jackknife_se,
    mad,
    trimmed_mean,
)
