"""Figures of table `offer_metrics` in words. What finds a row is its `kind` and `parameter`; no sentence is a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

POLICY = "(policy)"  # offer_id of what is said of a rule that gives offers
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


def decisions(metrics: pl.DataFrame) -> list[str]:
    """What judged learners and policies say, in sentences: one per offer, then one of personalising.

    Args:
        metrics: rows of table `offer_metrics`.
    """
    import polars as pl

    said = []
    for offer, rows in metrics.filter(pl.col("offer_id") != POLICY).group_by("offer_id", maintain_order=True):
        kinds = {line["kind"]: line for line in rows.iter_rows(named=True) if line["chosen"] or line["value"] is None}
        said.append(f"{offer[0]}: {_of_offer(kinds)}.")
    rules = {line["kind"]: line for line in metrics.filter(offer_id=POLICY).iter_rows(named=True)}
    if gain := rules.get("policy_gain"):
        found = "does not beat" if "policy_no_gain" in rules else "beats"
        said.append(
            f"Personalising {found} the best single offer, {gain['parameter']}: {gain['value']:+.2f} a customer "
            f"({gain['low']:+.2f} to {gain['high']:+.2f})."
        )
    return said


def _of_offer(kinds: dict[str, dict[str, Any]]) -> str:
    """What the rows of one offer say, by kind: of the chosen learner, and those without a figure."""
    if "no_model" in kinds:
        return kinds["no_model"]["metric"]
    best = kinds["qini"]
    told = (
        f"{best['learner']} with {best['base']}, Qini {best['value']:+.2f} ({best['low']:+.2f} to {best['high']:+.2f})"
    )
    return f"no learner beats random; best was {told}" if "like_random" in kinds else f"{told} on held-out customers"
