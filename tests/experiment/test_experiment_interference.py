"""Spillover: exposure by brute force, regressions against statsmodels' formulas, METHODS section 7's table, cai2015."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import statsmodels.formula.api as smf
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.experiment.interference import (
    contact_shares,
    cut_share,
    exposure_probabilities,
    exposure_regression,
    hajek,
)
from engine.experiment.simulation import blocks, simulate

CAI = Path(__file__).parents[3] / "shared" / "data" / "cai2015" / "Cai_2015.csv"


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 12), st.integers(0, 2**32 - 1))
def test_exposure_and_cut_are_counted_by_hand(n, seed):
    rng = np.random.default_rng(seed)
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n) if rng.random() < 0.4]
    a, b = (np.array([p[k] for p in pairs], dtype=int) for k in (0, 1))
    arm, cluster = rng.integers(0, 2, n), rng.integers(0, 3, n)
    friends = {i: [y if x == i else x for x, y in pairs if i in (x, y)] for i in range(n)}
    shares = contact_shares(a, b, n)
    expected = [np.mean([arm[j] for j in friends[i]]) if friends[i] else 0.0 for i in range(n)]
    assert shares @ arm == pytest.approx(expected)
    outside = [np.mean([cluster[j] != cluster[i] for j in friends[i]]) for i in range(n) if friends[i]]
    assert cut_share(shares, cluster) == pytest.approx(np.mean(outside) if outside else 0.0)


@pytest.fixture(scope="module")
def town():
    a, b, block = blocks(1, people=4000, groups=100, inside=0.2, outside=0.0005)
    return a, b, block


def test_blocks_have_the_ties_asked_for(town):
    a, b, block = town
    assert (a < b).all()
    assert len(set(zip(a.tolist(), b.tolist(), strict=True))) == len(a)
    inside = block[a] == block[b]
    assert inside.sum() == pytest.approx(100 * 40 * 39 / 2 * 0.2, rel=0.03)
    assert (~inside).sum() == pytest.approx(4000 * 3960 / 2 * 0.0005, rel=0.05)


def test_regression_is_statsmodels_formula_fit(town):
    a, b, block = town
    rng = np.random.default_rng(3)
    z = (rng.permutation(100) < 50)[block].astype(float)
    f = contact_shares(a, b, 4000) @ z
    y = 0.3 + 0.02 * z + 0.03 * f + rng.normal(0, 1, 100)[block] * 0.1 + rng.normal(0, 0.5, 4000)
    frame = pl.DataFrame({"y": y, "z": z, "f": f, "g": block}).to_pandas()
    fit = smf.ols("y ~ z + f", frame).fit(cov_type="cluster-crv3", cov_kwds={"groups": block}, use_t=True)
    direct, spill, total = exposure_regression(y, z, f, clusters=block)
    assert (direct.value, direct.se) == pytest.approx((fit.params["z"], fit.bse["z"]))
    assert (spill.value, spill.p) == pytest.approx((fit.params["f"], fit.pvalues["f"]))
    covariance = fit.cov_params()
    se = np.sqrt(covariance.loc["z", "z"] + covariance.loc["f", "f"] + 2 * covariance.loc["z", "f"])
    assert (total.value, total.se) == pytest.approx((fit.params["z"] + fit.params["f"], se))


def test_hajek_finds_the_total_effect(town):
    a, b, block = town
    rng = np.random.default_rng(6)
    shares = contact_shares(a, b, 4000)
    redrawn = np.stack([(rng.permutation(100) < 50)[block] for _ in range(200)], axis=1).astype(float)
    high, low = exposure_probabilities(shares, redrawn)
    assert 0.4 < high.mean() < 0.52
    values = []
    for _ in range(60):
        z = (rng.permutation(100) < 50)[block].astype(float)
        f = shares @ z
        y = 0.1 + 0.02 * z + 0.03 * f + rng.normal(0, 0.1, 4000)
        values.append(hajek(y, z, f, high, low, clusters=block).value)
    # Mostly treated is not all treated: the contrast reaches most of the total effect and never more than it.
    assert 0.042 < np.mean(values) < 0.051


def test_what_cannot_be_told_apart_is_said():
    z = np.r_[np.ones(20), np.zeros(20)]
    with pytest.raises(InputError, match="cannot be separated"):
        exposure_regression(np.arange(40.0), z, z)
    with pytest.raises(InputError, match="hardly anybody"):
        hajek(np.arange(40.0), z, np.full(40, 0.5), np.full(40, 0.2), np.full(40, 0.2))
    with pytest.raises(InputError, match="probabilities"):
        simulate(np.array([0]), np.array([1]), np.array([0, 1, 2, 3]), direct=0.9, spillover=0.3)
    with pytest.raises(InputError, match="clusters"):
        simulate(np.array([0]), np.array([1]), np.array([0, 0, 1]), direct=0.1, spillover=0.1)


@pytest.mark.real
@pytest.mark.skipif(not CAI.exists(), reason="shared/data/cai2015 is absent")
def test_cai_against_statsmodels_formulas():
    """A real network experiment: own intensive session, share of the others at the address who had one."""
    data = pl.read_csv(CAI, infer_schema_length=None).filter(pl.len().over("address") > 1)
    others = (pl.col("intensive").sum().over("address") - pl.col("intensive")) / (pl.len().over("address") - 1)
    data = data.with_columns(f=others).drop_nulls(["takeup_survey", "intensive", "village"])
    codes = np.unique(data["village"].to_numpy(), return_inverse=True)[1]
    position = np.arange(data.height)
    address = data["address"].to_numpy()
    pairs = [(i, j) for i in position for j in position[i + 1 :][address[i + 1 :] == address[i]]]
    a, b = np.array(pairs).T
    z = data["intensive"].to_numpy().astype(float)
    exposure = contact_shares(a, b, data.height) @ z
    assert exposure == pytest.approx(data["f"].to_numpy())
    found = exposure_regression(data["takeup_survey"].to_numpy().astype(float), z, exposure, clusters=codes)
    fit = smf.ols("takeup_survey ~ intensive + f", data.to_pandas()).fit(
        cov_type="cluster-crv3", cov_kwds={"groups": codes}, use_t=True
    )
    assert [e.value for e in found[:2]] == pytest.approx([fit.params["intensive"], fit.params["f"]])
    assert [e.se for e in found[:2]] == pytest.approx([fit.bse["intensive"], fit.bse["f"]])
    plain = smf.ols("takeup_survey ~ intensive + f", data.to_pandas()).fit(
        cov_type="cluster", cov_kwds={"groups": codes}, use_t=True
    )
    assert [e.se for e in found[:2]] == pytest.approx([plain.bse["intensive"], plain.bse["f"]], rel=0.1)
