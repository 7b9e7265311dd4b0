"""Pictures: real SVG that parses, keeps texts exact, follows the page's colours and shares no id with another."""

from __future__ import annotations

import re
from datetime import date, timedelta
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.report import charts, drawing
from engine.report.loyalty_figures import survival
from engine.report.offers_figures import curves, wilson
from engine.report.page import csv_link

SVG = "{http://www.w3.org/2000/svg}"
PICTURES = {
    "bars": lambda n: charts.bars(n, "t", ["0.05", "<b>", "$x$"], [1.25, None, 3], x="x", y="y"),
    "sideways": lambda n: charts.sideways(n, "t", ["Ünïcode & co", "b"], [2500, None]),
    "stacked": lambda n: charts.stacked(n, "t", ["a", "b"], [("p", [0.2, None]), ("q", [0.8, 0.5])]),
    "lines": lambda n: charts.lines(n, "t", [("a", [date(2025, 1, 1), date(2025, 3, 1)], [1, 2])]),
    "dots": lambda n: charts.dots(n, "t", ["a", "b"], [(0.5, 0.4, 0.6), None], marks=[0.1, None], mark_label="m"),
    "matrix": lambda n: charts.matrix(n, "t", ["a", "b"], ["x", "y"], [[1, None], [2, 3]]),
    "calendar": lambda n: charts.calendar(n, "t", {date(2025, 1, 1) + timedelta(days=i): i for i in range(200)}),
    "sankey": lambda n: charts.sankey(n, "t", [("a", 30), ("b", None)], [("a", 20), ("b", 15)], [[20, 10], [None, 5]]),
    "network": lambda n: charts.network(
        n, "t", [{"id": i, "chosen": i == 1, "centrality_pct": 0.5} for i in range(5)],
        [{"a": 0, "b": i, "weight": i} for i in range(1, 5)]),
}  # fmt: skip


@pytest.mark.parametrize("kind", PICTURES)
def test_pictures_are_whole(kind):
    text = PICTURES[kind]("one")
    root = ET.fromstring(text)  # noqa: S314 - our own drawing
    assert root.tag == f"{SVG}svg" and root.get("role") == "img"
    assert root.find(f"{SVG}title").text == "t"
    assert len(list(root.iter(f"{SVG}path"))) > 1
    assert not re.search(r"#[0-9a-f]{6}", text), "a colour that is no variable"
    assert "<style" not in text and "font-family" not in text
    assert len(text) < 60_000
    assert text == PICTURES[kind]("one"), "drawn twice, drawn differently"


def test_texts_in_pictures_are_not_rounded_and_not_markup():
    words = {node.text for node in ET.fromstring(PICTURES["bars"]("a")).iter(f"{SVG}text")}  # noqa: S314
    assert {"0.05", "<b>", "$x$"} <= words


def test_two_pictures_share_no_id():
    ids = [re.findall(r'\bid="([^"]+)"', PICTURES["lines"](name)) for name in ("one", "two")]
    assert ids[0] and not set(ids[0]) & set(ids[1])
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', PICTURES["lines"]("one")))
    assert used <= set(ids[0])


def test_every_colour_role_is_in_the_style_sheet():
    from engine.report.page import TEMPLATES

    style = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    for role in drawing.ROLES:
        assert style.count(f"--{role}:") == 3, f"--{role} must be set for light, dark and print"


def test_downloads_are_no_formulas():
    import base64

    link = csv_link([{"name": "=cmd()", "n": -5}, {"name": "ő", "n": None}])
    assert base64.b64decode(link.split(",")[1]).decode() == "name,n\n'=cmd(),-5\nő,\n"


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(1, 300), st.booleans()), min_size=40, max_size=200), st.integers(1, 5))
def test_survival_agrees_with_statsmodels(spells, least):
    from statsmodels.duration.survfunc import SurvfuncRight

    days, ended = np.array([d for d, _ in spells]), np.array([e for _, e in spells])
    found = survival(days, ended, np.ones(len(days), dtype=int), least=least)
    if not ended.any():
        assert found == []
        return
    oracle = SurvfuncRight(days, ended.astype(int))
    for day, still in found:
        before = oracle.surv_prob[oracle.surv_times <= day]
        assert still == pytest.approx(before[-1] if len(before) else 1.0, abs=1e-9)
        assert day % 30 == 0


@given(st.integers(0, 200), st.integers(1, 200))
def test_wilson_agrees_with_statsmodels(count, n):
    from statsmodels.stats.proportion import proportion_confint

    count = min(count, n)
    assert wilson(count, n) == pytest.approx(proportion_confint(count, n, method="wilson"), abs=1e-9)


def test_gain_curve_agrees_with_counting():
    import polars as pl

    rng = np.random.default_rng(3)
    rows, people = [], []
    for tile in range(1, 51):
        for treated in (True, False):
            n = int(rng.integers(5, 20))
            accepted = int(rng.binomial(n, 0.5 - tile / 150 if treated else 0.2))
            rows.append({"offer_id": "o", "tile": tile, "treated": treated, "n": n, "accepted": accepted})
            people += [(tile, treated, k < accepted) for k in range(n)]
    points = curves(pl.DataFrame(rows), least=15, draws=50, seed=1)
    for point in points:
        first = [p for p in people if p[0] <= round(point["share"] * 50)]
        rate = [np.mean([a for _, t, a in first if t is side]) for side in (True, False)]
        assert point["gain"] == pytest.approx((rate[0] - rate[1]) * len(first) / len(people))
        assert point["low"] <= point["gain"] <= point["high"]
    assert points[-1]["share"] == 1.0 and points[-1]["end"] == pytest.approx(points[-1]["gain"])
