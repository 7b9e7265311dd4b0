"""Two public reports, one before and one after a person joined: what the second one says of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from joining import told_apart, tried, without
from tests_report_town import make, tables

from engine.errors import WorkspaceError
from engine.trust import noise as noises
from engine.trust.noise import Noise
from engine.usecases import reporting

K, SECRET = 15, b"s" * 32


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from leaves(inner, f"{path}.{place}")
    else:
        yield path, value


def test_no_figure_is_shown_as_it_is(tmp_path, monkeypatch):
    """With every moved figure blanked, nothing is left that depends on whether somebody is there."""
    monkeypatch.setattr(Noise, "count", lambda self, name, value, each=1: 40)
    monkeypatch.setattr(Noise, "shows", lambda self, name, value, each=1: value >= 3)
    monkeypatch.setattr(Noise, "figure", lambda self, name, value, one: 0.0 if one > 0 else value)
    monkeypatch.setattr(Noise, "chance", lambda self, name, p: 0.5)
    rows = tables()
    told = []
    for name, town in (("after", rows), ("before", without(rows, 17))):
        # A sample of fixed size: where it follows the customers, one bin of stability stands at the very limit.
        options = {"report__resamples": 20, "report__min_cell": 3, "report__sample": 100}
        space = make(tmp_path / name / "w", tmp_path / "keys", town, **options)
        told.append(dict(leaves(reporting.facts(space, "all"))))
    assert len(told[0]) > 2000
    different = {path for path in {*told[0], *told[1]} if told[0].get(path) != told[1].get(path)}
    # What is withheld may differ by a count that stands at the very limit.
    shown = {path for path in different if None not in (told[0].get(path), told[1].get(path))}
    assert {path for path in shown if not path.startswith(".suppression")} == set()


def test_one_joining_draws_everything_anew(tmp_path):
    found = tried(1, 3, tmp_path)
    assert min(found["changed"]) > 0.4
    assert 0 <= told_apart(found) <= 1


def test_noise_is_bounded_even_and_thin_at_its_ends():
    noise = Noise(SECRET, b"content", K)
    moved = np.array([noise._draw(f"figure {i}") for i in range(6000)])
    assert (moved.min(), moved.max()) == (-10, 10)
    assert abs(moved.mean()) < 0.25 and moved.std() == pytest.approx((2 * (11**2 - 1) / 12) ** 0.5, rel=0.05)
    ends = Counter(moved.tolist())
    assert ends[10] + ends[-10] < 0.03 * len(moved)
    shown = [noise.count(f"figure {i}", 100) for i in range(500)]
    assert {n % 5 for n in shown} == {0} and max(abs(n - 100) for n in shown) <= 12


def test_no_count_at_the_limit_says_which_side_it_is_on():
    at = [Noise(SECRET, b"%d" % i, K) for i in range(2000)]
    assert not any(noise.shows("n", K - 1) for noise in at)
    assert 0.01 < np.mean([noise.shows("n", K) for noise in at]) < 0.35
    assert all(noise.count("n", n) >= K + 5 for noise in at for n in (15, 18, 30) if noise.shows("n", n))
    assert all(noise.shows("n", 33) for noise in at)


def test_the_same_content_gives_the_same_figures_and_any_other_new_ones():
    one, again, other = Noise(SECRET, b"a", K), Noise(SECRET, b"a", K), Noise(SECRET, b"b", K)
    names = [f"figure {i}" for i in range(50)]
    assert [one.count(n, 200) for n in names] == [again.count(n, 200) for n in names]
    assert [one.count(n, 200) for n in names] != [other.count(n, 200) for n in names]
    assert one.figure("x", 0.3456, 0.002) == again.figure("x", 0.3456, 0.002)
    assert abs(one.figure("x", 0.3456, 0.002) - 0.3456) <= 10 * 0.002 + 0.005
    assert one.figure("x", 0.3456, 0.0) == 0.3456 and one.chance("x", 1.0) == 1.0
    assert 0.02 <= one.chance("x", 0.03) <= 0.04


def test_a_spoilt_secret_is_an_error_not_a_report(tmp_path):
    assert noises.of(tmp_path, b"", K).count("n", 50) == noises.of(tmp_path, b"", K).count("n", 50)
    (tmp_path / noises.SECRET).write_text("00")
    with pytest.raises(WorkspaceError, match="does not hold a secret"):
        noises.of(tmp_path, b"", K)
