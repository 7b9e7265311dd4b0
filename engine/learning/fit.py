"""Least squares with errors that hold where people of one cluster are alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


def least_squares(
    outcome: np.ndarray, design: np.ndarray, clusters: np.ndarray | None = None, weights: np.ndarray | None = None
) -> Any:
    """Fit; t and F tests use the clusters less one as degrees of freedom.

    Args:
        outcome: [n].
        design: columns, the constant among them [n, k].
        clusters: of each row, int [n]; None = rows are independent.
        weights: of each row [n]; None = all alike.

    Returns:
        statsmodels' result with errors robust to unequal variances (HC1), or to clusters: the cluster jackknife
        (CRV3; MacKinnon, Nielsen and Webb 2023), because the plain sandwich (CRV1) is too sure of itself where an arm
        has a few dozen clusters of unequal size. CRV1 where leaving out one cluster leaves what cannot be fitted.
    """
    import numpy as np
    import statsmodels.api as sm
    from statsmodels.regression.linear_model import RegressionResults

    model = sm.OLS(outcome, design) if weights is None else sm.WLS(outcome, design, weights=weights)
    if clusters is None:
        return model.fit(cov_type="HC1", use_t=True)
    _, codes = np.unique(clusters, return_inverse=True)
    plain = model.fit()
    fit = RegressionResults(
        model, plain.params, plain.normalized_cov_params, cov_type="cluster", cov_kwds={"groups": codes}, use_t=True
    )
    jackknifed = _jackknife(np.asarray(model.wendog), np.asarray(model.wexog), codes, np.asarray(fit.params))
    if jackknifed is not None:
        # statsmodels' own "cluster-crv3" visits all rows once per cluster: hours where there are thousands of both.
        fit.cov_params_default = jackknifed
    return fit


def _jackknife(outcome, design, codes, params) -> np.ndarray | None:
    """Covariance of the coefficients from leaving out each cluster; None where one cannot be left out."""
    import numpy as np

    k, groups = design.shape[1], int(codes.max()) + 1
    inner = np.empty((groups, k, k))
    cross = np.empty((groups, k))
    for i in range(k):
        cross[:, i] = np.bincount(codes, weights=design[:, i] * outcome, minlength=groups)
        for j in range(i + 1):
            inner[:, i, j] = inner[:, j, i] = np.bincount(codes, weights=design[:, i] * design[:, j], minlength=groups)
    left = inner.sum(axis=0) - inner
    if (np.linalg.matrix_rank(left, hermitian=True) < k).any():
        return None
    without = np.linalg.solve(left, (cross.sum(axis=0) - cross)[:, :, None])[:, :, 0] - params
    return (groups - 1) / groups * without.T @ without
