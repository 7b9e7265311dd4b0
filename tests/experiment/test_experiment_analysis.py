"""Effects against statsmodels and textbook formulas written here, A/A rates, hillstrom's figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import statsmodels.formula.api as smf
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from engine.errors import InputError
from engine.experiment.analysis import effects, sample_ratio
from engine.experiment.sequential import half_width

HILLSTROM = Path(__file__).parents[3] / "shared" / "data" / "hillstrom" / "hillstrom.csv"


@pytest.fixture(scope="module")
def trial():
    rng = np.random.default_rng(2)
    n = 3000
    arms = rng.choice(["own", "lead", "random"], n)
    before = rng.normal(10, 3, n)
    value = 0.8 * before + rng.normal(0, 2, n) + 0.5 * (arms == "lead")
    return arms, value, before


def test_welch_is_statsmodels(trial):
    arms, value, _ = trial
    for effect in effects(value, arms, order=["own", "lead", "random"]):
        one, other = (DescrStatsW(value[arms == a]) for a in (effect.arm, effect.versus))
        low, high = CompareMeans(one, other).tconfint_diff(usevar="unequal")
        assert effect.low == pytest.approx(low, abs=1e-10)
        assert effect.high == pytest.approx(high, abs=1e-10)


def test_holm_is_by_hand(trial):
    arms, value, _ = trial
    found = sorted(effects(value, arms, order=["own", "lead", "random"]), key=lambda e: e.p)
    expected, running = [], 0.0
    for i, effect in enumerate(found):
        running = max(running, min(1.0, effect.p * (len(found) - i)))
        expected.append(running)
    assert [e.p_holm for e in found] == pytest.approx(expected)


def test_clusters_are_statsmodels_formula_fit():
    rng = np.random.default_rng(4)
    cluster = np.repeat(np.arange(60), 30)
    arms = np.where(rng.random(60) < 0.5, "a", "b")[cluster]
    value = rng.normal(0, 1, 60)[cluster] + rng.normal(0, 1, len(cluster))
    effect = effects(value, arms, order=["a", "b"], clusters=cluster)[0]
    frame = pl.DataFrame({"y": value, "z": (arms == "b").astype(float), "g": cluster}).to_pandas()
    fit = smf.ols("y ~ z", frame).fit(cov_type="cluster", cov_kwds={"groups": frame["g"]}, use_t=True)
    assert effect.difference == pytest.approx(fit.params["z"])
    assert effect.se == pytest.approx(fit.bse["z"])
    assert (effect.low, effect.high) == pytest.approx(tuple(fit.conf_int().loc["z"]))


def test_cuped_takes_out_what_the_covariate_explains(trial):
    """The error shrinks as sqrt(1 - r^2) promises and the effect stays within it."""
    arms, value, before = trial
    plain = effects(value, arms, order=["own", "lead"])[0]
    cuped = effects(value, arms, order=["own", "lead"], covariate=before)[0]
    r = np.corrcoef(value - 0.5 * (arms == "lead"), before)[0, 1]
    assert cuped.se / plain.se == pytest.approx(np.sqrt(1 - r**2), rel=0.05)
    assert abs(cuped.difference - 0.5) < 3 * cuped.se
    assert "CUPED" in cuped.method


def test_ratio_metric_agrees_with_the_bootstrap():
    rng = np.random.default_rng(5)
    arms = rng.choice(["a", "b"], 1500)
    shown = rng.poisson(5, 1500) + 1.0
    clicked = rng.binomial(shown.astype(int), np.where(arms == "b", 0.3, 0.25)).astype(float)
    effect = effects(clicked, arms, order=["a", "b"], denominator=shown)[0]
    draws = []
    for _ in range(800):
        ratios = []
        for arm in ("b", "a"):
            rows = rng.choice(np.flatnonzero(arms == arm), (arms == arm).sum())
            ratios.append(clicked[rows].sum() / shown[rows].sum())
        draws.append(ratios[0] - ratios[1])
    sums = {a: clicked[arms == a].sum() / shown[arms == a].sum() for a in ("a", "b")}
    assert effect.difference == pytest.approx(sums["b"] - sums["a"])
    assert effect.se == pytest.approx(np.std(draws), rel=0.12)


def test_relative_interval_covers():
    """The delta interval of the relative lift holds its truth in about 95 of 100 trials."""
    rng = np.random.default_rng(6)
    hits = 0
    for _ in range(400):
        value = np.r_[rng.normal(10, 4, 300), rng.normal(11, 4, 300)]
        effect = effects(value, np.repeat(["a", "b"], 300), order=["a", "b"])[0]
        hits += effect.relative_low <= 0.1 <= effect.relative_high
    assert 0.92 <= hits / 400 <= 0.98


@pytest.mark.parametrize("clustered", [False, True])
def test_no_effect_is_found_in_five_of_a_hundred(clustered):
    """1,000 A/A experiments: 5 +- 1.5 % below .05."""
    rng = np.random.default_rng(7)
    low = 0
    for _ in range(1000):
        if clustered:
            group = np.repeat(np.arange(80), 5)
            arms = np.where(rng.permutation(80) < 40, "a", "b")[group]
            value = rng.normal(0, 0.7, 80)[group] + rng.normal(0, 1, 400)
            effect = effects(value, arms, order=["a", "b"], clusters=group)[0]
        else:
            value = rng.exponential(1, 300)
            effect = effects(value, np.where(rng.random(300) < 0.5, "a", "b"), order=["a", "b"])[0]
        low += effect.p < 0.05
    assert 0.035 <= low / 1000 <= 0.065


def test_sequential_intervals_survive_twenty_looks():
    """Naive intervals err in about a quarter of the runs, always-valid ones in at most 5 %."""
    rng = np.random.default_rng(8)
    looks = np.arange(100, 2001, 100)
    naive = valid = 0
    for _ in range(1000):
        total = np.cumsum(rng.normal(0, 1, 2000))[looks - 1] / looks
        se = 1 / np.sqrt(looks)
        naive += (np.abs(total) > 1.96 * se).any()
        widths = np.array([half_width(s, n, alpha=0.05, planned=2000) for s, n in zip(se, looks, strict=True)])
        valid += (np.abs(total) > widths).any()
    assert naive / 1000 > 0.18
    assert valid / 1000 <= 0.05


def test_sample_ratio_sees_a_loss():
    shares = {"a": 0.5, "b": 0.5}
    assert not sample_ratio({"a": 5000, "b": 5040}, shares).alarm
    assert sample_ratio({"a": 5000, "b": 4600}, shares).alarm
    assert sample_ratio({"a": 300}, shares).alarm
    with pytest.raises(InputError, match="not in the plan"):
        sample_ratio({"a": 1, "c": 2}, shares)
    with pytest.raises(InputError, match="nobody"):
        sample_ratio({}, shares)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_refused(bad):
    with pytest.raises(InputError, match=r"row 3.*missing or infinite"):
        effects(np.array([1.0, 2.0, bad, 4.0]), np.array(["a", "a", "b", "b"]), order=["a", "b"])


def test_arms_too_small_are_refused_and_constants_have_no_p():
    with pytest.raises(InputError, match="1 units"):
        effects(np.array([1.0, 2.0, 3.0]), np.array(["a", "a", "b"]), order=["a", "b"])
    with pytest.raises(InputError, match="one cluster"):
        effects(np.ones(4), np.array(["a", "a", "b", "b"]), order=["a", "b"], clusters=np.array([1, 2, 3, 3]))
    nothing = effects(np.zeros(40), np.repeat(["a", "b"], 20), order=["a", "b"])[0]
    assert nothing.p is None
    assert nothing.p_holm is None
    assert nothing.relative is None
    with pytest.raises(InputError, match="denominators"):
        effects(np.ones(4), np.array(["a", "a", "b", "b"]), order=["a", "b"], denominator=np.zeros(4))


@pytest.mark.real
@pytest.mark.skipif(not HILLSTROM.exists(), reason="shared/data/hillstrom is absent")
def test_hillstrom_to_the_printed_digits():
    data = pl.read_csv(HILLSTROM, infer_schema_length=None)
    arms = data["segment"].to_numpy()
    counts = dict(data["segment"].value_counts().iter_rows())
    assert round(sample_ratio(counts, dict.fromkeys(counts, 1 / 3)).p, 3) == 0.904
    expected = {
        ("visit", "Mens E-Mail"): ("0.07659", "0.00339"),
        ("conversion", "Mens E-Mail"): ("0.00681", "0.00092"),
        ("spend", "Mens E-Mail"): ("0.770", "0.145"),
        ("visit", "Womens E-Mail"): ("0.04523", "0.00323"),
        ("conversion", "Womens E-Mail"): ("0.00311", "0.00082"),
        ("spend", "Womens E-Mail"): ("0.424", "0.130"),
    }
    for metric in ("visit", "conversion", "spend"):
        for effect in effects(data[metric].to_numpy(), arms, order=sorted(counts), control="No E-Mail"):
            difference, se = expected[metric, effect.arm]
            digits = len(difference.split(".")[1])
            assert f"{effect.difference:.{digits}f}" == difference
            assert f"{effect.se:.{digits}f}" == se
