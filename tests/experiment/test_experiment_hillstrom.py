"""A plain table of a real experiment, by the command."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from cli.main import app

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "hillstrom" / "hillstrom.csv"


@pytest.mark.real
@pytest.mark.skipif(not REAL.exists(), reason="shared/data/hillstrom is absent")
def test_hillstrom_by_the_command_agrees_with_statsmodels_and_the_printed_figures(tmp_path, monkeypatch):
    from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

    monkeypatch.chdir(tmp_path)  # no workspace here
    metrics = ("visit", "conversion", "spend")
    options = [word for m in metrics for word in ("--metric", m)]
    done = CliRunner().invoke(app, ["experiment", "compare", "--data", str(REAL), "--arm", "segment", "--control",
                                    "No E-Mail", *options, "-o", "json"])  # fmt: skip
    rows = {(r["arm"], r["metric"]): r for r in json.loads(done.stdout)}
    printed = {"Mens E-Mail": (".07659 .00339", ".00681 .00092", ".770 .145"),
               "Womens E-Mail": (".04523 .00323", ".00311 .00082", ".424 .130")}  # fmt: skip
    data = pl.read_csv(REAL, infer_schema_length=None)
    for arm, figures in printed.items():
        for metric, figure in zip(metrics, figures, strict=True):
            row = rows[arm, metric]
            for text, value in zip(figure.split(), (row["difference"], row["se"]), strict=True):
                assert f"{value:.{len(text) - 1}f}".lstrip("0") == text
            one, other = (data.filter(pl.col("segment") == a)[metric].to_numpy().astype(float) for a in
                          (arm, "No E-Mail"))  # fmt: skip
            low, high = CompareMeans(DescrStatsW(one), DescrStatsW(other)).tconfint_diff(usevar="unequal")
            assert (row["low"], row["high"]) == pytest.approx((low, high), rel=1e-9)
    assert {round(r["sample_ratio_p"], 3) for r in rows.values()} == {0.904}
