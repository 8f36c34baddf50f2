"""Pure functions over numbers, one statistic each, with its source; they import no other package.

Missing values are NaN and are left out (pairs only where both moments are known). A test that
cannot be made raises NotEstimable; an estimate without interval has its reason.
"""

from capidoc.analysis.statistics.calibration import Calibration, calibrate
from capidoc.analysis.statistics.change import (
    attrition_bounds,
    change_percent,
    influence,
    months_inclusive,
    share_percent,
)
from capidoc.analysis.statistics.design import Design
from capidoc.analysis.statistics.estimate import Estimate, NotEstimable, Significance
from capidoc.analysis.statistics.paired import mcnemar_test, signed_rank_test
from capidoc.analysis.statistics.survey_estimates import (
    Linearised,
    confidence_interval,
    quantile,
    ratio,
    share_interval,
    total,
    weighted_quantile,
)
