"""Clusters, design effects and smallest effects, against brute force and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.experiment.clusters import choose, extend, partitions
from engine.experiment.power import curve, design_effect, intracluster_correlation, smallest_effect
from engine.experiment.simulation import blocks


@pytest.fixture(scope="module")
def town():
    return blocks(2, people=600, groups=20, inside=0.4, outside=0.002)


def test_the_cap_holds_and_the_blocks_are_found(town):
    a, b, block = town
    curve = partitions(a, b, np.ones(len(a)), 600, cap=40)
    assert all(p.largest <= 40 for p in curve)
    best = choose(curve, at_least=15)
    assert best.clusters == 20
    assert all(len(set(best.cluster[block == k])) == 1 for k in range(20))
    cut = np.mean([best.cluster[x] != best.cluster[y] for x, y in zip(a, b, strict=True)])
    assert best.cut == pytest.approx(cut)


def test_more_clusters_cut_more(town):
    a, b, _ = town
    curve = partitions(a, b, np.ones(len(a)), 600, cap=10)
    assert all(p.largest <= 10 for p in curve)
    wide = partitions(a, b, np.ones(len(a)), 600, cap=600)
    assert min(p.cut for p in curve) > min(p.cut for p in wide)
    assert choose(wide, at_least=10_000).clusters == max(p.clusters for p in wide)


def test_same_graph_same_clusters_numbered_by_appearance(town):
    a, b, _ = town
    one, two = (partitions(a, b, np.ones(len(a)), 600, cap=40)[2].cluster for _ in range(2))
    assert np.array_equal(one, two)
    _, first = np.unique(one, return_index=True)
    assert (np.diff(first) > 0).all()


def test_customers_without_ties_and_bad_caps():
    found = partitions(np.array([0]), np.array([1]), np.array([1.0]), 5, cap=2, resolutions=(1.0,))[0]
    assert found.cluster[0] == found.cluster[1]
    assert found.clusters == 4
    with pytest.raises(InputError, match="Give a cap"):
        partitions(np.array([0]), np.array([1]), np.array([1.0]), 5, cap=0)
    star = partitions(np.zeros(30, int), np.arange(1, 31), np.ones(30), 31, cap=5, resolutions=(1.0,))[0]
    assert star.largest <= 5


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_newcomers_join_where_their_weight_is(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 14))
    cluster = rng.integers(-1, 3, n)
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n) if rng.random() < 0.4]
    weight = rng.integers(1, 4, len(pairs)).astype(float)
    a, b = (np.array([p[k] for p in pairs], dtype=int) for k in (0, 1))
    found = extend(cluster, a, b, weight)
    fresh = max(cluster.max(), -1) + 1
    for i in range(n):
        if cluster[i] >= 0:
            assert found[i] == cluster[i]
            continue
        pull: dict[int, float] = {}
        for (x, y), w in zip(pairs, weight, strict=True):
            other = y if x == i else x if y == i else None
            if other is not None and cluster[other] >= 0:
                pull[cluster[other]] = pull.get(cluster[other], 0) + w
        if pull:
            assert found[i] == min(pull, key=lambda k: (-pull[k], k))
        else:
            assert found[i] == fresh
            fresh += 1


def test_smallest_effect_is_the_textbook_s_and_has_its_power():
    found = smallest_effect(4000, 4000, mean=0.1, sd=0.3)
    assert found.effect == pytest.approx((1.959964 + 0.841621) * 0.3 * np.sqrt(2 / 4000), rel=1e-4)
    assert found.relative == pytest.approx(found.effect / 0.1)
    rng = np.random.default_rng(4)
    draws = rng.normal(found.effect, 0.3 * np.sqrt(2 / 4000), 20_000)
    assert np.mean(np.abs(draws) > 1.959964 * 0.3 * np.sqrt(2 / 4000)) == pytest.approx(0.8, abs=0.01)
    double = smallest_effect(4000, 4000, mean=0.1, sd=0.3, design_effect=4.0)
    assert double.effect == pytest.approx(2 * found.effect, rel=1e-3)


def test_correlation_and_design_effect_match_a_simulation():
    """Variance of an arm's mean over redrawn unequal clusters, against n x the formula."""
    rng = np.random.default_rng(5)
    sizes = rng.integers(2, 40, 4000)
    group = np.repeat(np.arange(4000), sizes)
    value = rng.normal(0, 0.5, 4000)[group] + rng.normal(0, 1, len(group))
    rho = intracluster_correlation(value, group)
    assert rho == pytest.approx(0.25 / 1.25, abs=0.02)
    means = []
    for _ in range(600):
        pick = rng.integers(0, 4000, 100)
        rows = rng.normal(0, 0.5, 100) * sizes[pick]
        noise = rng.normal(0, np.sqrt(sizes[pick]))
        means.append((rows + noise).sum() / sizes[pick].sum())
    expected = 1.25 / (100 * sizes.mean()) * design_effect(sizes, 0.2)
    assert np.var(means) == pytest.approx(expected, rel=0.2)


def test_the_curve_falls_with_the_root_of_the_customers():
    sizes = np.array([30, 50, 40, 20])
    found = curve([1000, 4000], (0.4, 0.4), mean=0.1, sd=0.3, sizes=sizes, correlation=0.05)
    assert [line.unit for line in found] == ["customer", "cluster"] * 2
    assert found[0].effect == pytest.approx(2 * found[2].effect, rel=1e-3)
    widened = np.sqrt(design_effect(sizes, 0.05))
    assert found[1].effect == pytest.approx(widened * found[0].effect, rel=1e-3)
    assert found[0].n_arm == 400


def test_power_refuses_nonsense():
    with pytest.raises(InputError, match="arms of"):
        smallest_effect(1, 50, mean=0.1, sd=0.3)
    with pytest.raises(InputError, match="cannot both be met"):
        smallest_effect(50, 50, mean=0.1, sd=0.3, power=1.0)
    with pytest.raises(InputError, match="clusters"):
        intracluster_correlation(np.ones(4), np.zeros(4))
    with pytest.raises(InputError, match="positive"):
        smallest_effect(50, 50, mean=0.1, sd=-1)
    assert intracluster_correlation(np.ones(6), np.repeat([0, 1, 2], 2)) == 0.0
    assert smallest_effect(50, 50, mean=0.0, sd=0.3).relative is None
