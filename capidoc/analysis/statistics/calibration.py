"""Weights calibrated to known totals (Deville & Särndal 1992, linear), as R's `calibrate`."""

from typing import NamedTuple

import numpy as np

from capidoc.analysis.statistics.estimate import FloatArray


class Calibration(NamedTuple):
    """What calibration did: the auxiliary variables of each row, its weights before and after."""

    auxiliary: FloatArray
    first_weights: FloatArray
    weights: FloatArray

    def residuals(self, z: FloatArray) -> FloatArray:
        """Return what an estimate's z leaves once the auxiliary variables explain what they can.

        It is the residual of their weighted regression: known totals bring no variance.
        """
        root = np.sqrt(self.first_weights)
        scale = self.weights / root
        explaining, explained = self.auxiliary * root[:, None], z / scale
        coefficients = np.linalg.lstsq(explaining, explained, rcond=None)[0]
        return scale * (explained - explaining @ coefficients)


def calibrate(auxiliary: FloatArray, weights: FloatArray, totals: FloatArray) -> Calibration:
    """Return the calibration that gives the auxiliary columns their totals: w(1 + xλ)."""
    gap = totals - auxiliary.T @ weights
    moments = auxiliary.T @ (auxiliary * weights[:, None])
    factors = np.linalg.lstsq(moments, gap, rcond=None)[0]
    return Calibration(auxiliary, weights, weights * (1 + auxiliary @ factors))
