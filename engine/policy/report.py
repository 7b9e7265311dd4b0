"""A learned policy's report as plain objects: what its choice depends on, and how many would get each arm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from engine.policy.model import FacePolicy


def shares(policy: FacePolicy, known: pl.DataFrame) -> dict[str, float]:
    """Share of customers who would be shown each arm, if all could be.

    Args:
        policy: decides.
        known: features, a row a customer.
    """
    import numpy as np

    counts = np.bincount(policy.scores(known).argmax(axis=1), minlength=len(policy.arms))
    return {arm: float(n / known.height) for arm, n in zip(policy.arms, counts, strict=True)}


def moves(policy: FacePolicy, known: pl.DataFrame, seed: int) -> list[dict[str, Any]]:
    """What the choice depends on: per feature the share of customers whose arm changes with another customer's value.

    Args:
        policy: decides.
        known: features, a row a customer.
        seed: of the exchange.

    Returns:
        feature, changed (0 to 1), the greatest first; features that move nobody are left out.
    """
    import numpy as np

    if policy.coding is None:
        return []
    usual, found = policy.scores(known).argmax(axis=1), []
    order = np.random.default_rng(seed).permutation(known.height)
    for name in policy.coding.columns:
        other = policy.scores(known.with_columns(known[name].gather(order))).argmax(axis=1)
        found.append({"feature": name, "changed": float((other != usual).mean())})
    return sorted((line for line in found if line["changed"]), key=lambda line: (-line["changed"], line["feature"]))
