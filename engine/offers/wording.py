"""Figures of table `offer_metrics` in words. What finds a row is its `kind` and `parameter`; no sentence is a key."""

from __future__ import annotations

from typing import Any

_QINI = "qini (scikit-uplift, normalised)"
METRICS = {
    "qini": f"{_QINI}, held out",
    "qini_cross_validated": f"{_QINI}, cross-validated",
    "qini_gap": f"{_QINI}, training rows minus held out",
    "qini_placebo": f"{_QINI}, placebo: treatment permuted",
    "qini_added": "qini added by the graph's columns, held out",
    "qini_lost": "qini lost when {} is shuffled",
    "auuc": "auuc (scikit-uplift, normalised), held out",
    "uplift_top": "uplift@{}% (scikit-uplift, by group), held out",
    "uplift_decile": "uplift in decile {} (difference of means), held out",
    "calibration_slope": "calibration slope (best linear predictor), held out",
    "like_random": "no learner beats random: effects that differ between customers were not found",
    "no_model": "no model",
    "policy_value": "worth per customer above nobody (doubly robust)",
    "policy_value_weighted": "worth per customer above nobody (inverse propensity)",
    "policy_gain": "personalised minus the best single offer (doubly robust)",
    "policy_no_gain": "personalising does not beat the best single offer",
    "policy_no_overlap": "not judged: almost never given to some customers, and nothing is said about those",
    "propensity_estimated": "smallest propensity (estimated from features: none was given)",
    "propensity_given": "smallest propensity (as given)",
}


def row(
    offer_id: str, learner: str, base: str, kind: str, *, parameter: str = "", why: str = "",
    value: float | None = None, low: float | None = None, high: float | None = None, chosen: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """A row of table `offer_metrics`.

    Args:
        offer_id: the offer, or `(policy)`.
        learner: which learner or policy.
        base: its base learner.
        kind: what the figure is, a key of `METRICS`.
        parameter: of which percentage, decile, column or offer.
        why: the reason that follows the words.
        value, low, high: the figure with its 95 % interval.
        chosen: whether this learner scores the offer.
    """
    words = METRICS[kind].format(parameter) + (f": {why}" if why else "")
    return {
        "offer_id": offer_id, "learner": learner, "base": base, "kind": kind, "parameter": parameter, "metric": words,
        "value": value, "low": low, "high": high, "chosen": chosen,
    }  # fmt: skip
