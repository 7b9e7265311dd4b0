"""The campaign without call records: its truth can be read back from its outcomes."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from engine.synth.persuasion import campaign


@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_differences_of_means_are_the_mean_effects(spread):
    """Each offer against control, to four standard errors: a calculation that knows nothing of the generator."""
    drawn = campaign(60_000, seed=3, spread=spread)
    mean = dict(drawn.truth.group_by("offer_id").agg(pl.col("uplift").mean()).iter_rows())
    arms = drawn.treatments.group_by("offer_id").agg(p=pl.col("accepted").mean(), n=pl.len())
    rate = {offer: (p, n) for offer, p, n in arms.iter_rows()}
    base, size = rate[None]
    for offer, effect in mean.items():
        p, n = rate[offer]
        assert abs(p - base - effect) < 4 * np.sqrt(p * (1 - p) / n + base * (1 - base) / size)


def test_differences_between_customers_are_there_or_not():
    varied, flat = (campaign(4000, seed=3, spread=s).truth for s in (1.0, 0.0))
    assert varied.group_by("offer_id").agg(pl.col("uplift").std())["uplift"].min() > 0.05
    assert flat.group_by("offer_id").agg(pl.col("uplift").std())["uplift"].max() < 1e-9


def test_the_frames_fit_and_repeat():
    one, two = campaign(500, seed=9), campaign(500, seed=9)
    assert one.treatments.equals(two.treatments)
    assert one.customers["customer_id"].to_list() == one.treatments["customer_id"].to_list()
    assert set(one.truth["offer_id"]) == set(one.offers["offer_id"])
    assert np.isclose((1 / one.treatments["propensity"]).mean(), 6, rtol=0.1)
