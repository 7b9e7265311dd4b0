"""Least squares with errors that hold where people of one cluster are alike (statsmodels)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

MANY = 300  # clusters, above which the jackknife and the plain sandwich no longer differ and only the latter is quick


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
        has a few dozen clusters of unequal size. CRV1 above `MANY` clusters, and where leaving out one cluster leaves
        something that cannot be fitted.
    """
    import numpy as np
    import statsmodels.api as sm

    model = sm.OLS(outcome, design) if weights is None else sm.WLS(outcome, design, weights=weights)
    if clusters is None:
        return model.fit(cov_type="HC1", use_t=True)
    groups = {"groups": np.unique(clusters, return_inverse=True)[1]}
    if groups["groups"].max() < MANY:
        try:
            return model.fit(cov_type="cluster-crv3", cov_kwds=groups, use_t=True)
        except ValueError:
            pass
    return model.fit(cov_type="cluster", cov_kwds=groups, use_t=True)
