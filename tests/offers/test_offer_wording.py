"""No sentence is a key: rows of `offer_metrics` are found by kind and parameter, however they are worded."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from engine.offers import experiment_table, training, wording
from engine.report import offers_figures
from engine.report.book import Book
from engine.tables import TABLES, check


def metrics() -> pl.DataFrame:
    """Rows of `offer_metrics` for two offers whose effects differ between customers, and for one that too few got."""
    rng = np.random.default_rng(5)
    n = 3000
    arm, x = rng.choice(["none", "a", "b"], size=n), rng.integers(2, size=n)
    likes = np.where(arm == "a", x, 1 - x)
    chance = 0.2 + np.where(arm == "none", 0, 0.4 * likes)
    data = pl.DataFrame({"arm": arm, "x": x, "z": rng.normal(size=n), "y": (rng.random(n) < chance).astype(int)})
    told = {"treatment": "arm", "control": "none", "outcome": "y"}
    policies = experiment_table.policies(
        data, **told, value={"a": 10, "b": 10}, cost={"a": 0.2, "b": 0.2}, bases=["logistic"]
    )
    plan = training.Plan(("t",), ("logistic",), bootstrap=20)
    offers = [
        data.filter(pl.col("arm").is_in(["none", offer])).select(
            "x", "z", customer_id=pl.int_range(pl.len()).cast(pl.String), treatment=(pl.col("arm") == offer).cast(int),
            outcome="y",
        )
        for offer in ("a", "b")
    ]  # fmt: skip
    rows = [row for offer, own in zip("ab", offers, strict=True) for row in training.train(own, offer, plan).metrics]
    rows += training.without_model("c", "only 3 customers got it").metrics
    return check(
        pl.concat([pl.DataFrame(rows, infer_schema_length=None), policies], how="diagonal_relaxed"), "offer_metrics"
    )


def facts(rows: pl.DataFrame) -> dict:
    """The part of the report that these rows fill, without the words themselves."""
    book = Book(1)
    offers_figures.learners(book, rows, judged=1000)
    found = book.get("offers")
    for row in found["learners"]:
        del row["metric"]
    return {
        **found,
        "said": [row["offers"] for row in found["said"]],
        "policy_said": len(found["policy_said"]),
        "propensity": found["propensity"]["value"],
    }


def test_reworded_figures_fill_the_same_sections(monkeypatch):
    before = facts(metrics())
    for kind in wording.METRICS:
        monkeypatch.setitem(wording.METRICS, kind, f"another sentence {len(kind)} about {{}}")
    reworded = metrics()
    assert reworded["metric"].str.starts_with("another sentence").all()
    assert facts(reworded) == before
    assert len(before["deciles"]) == 20 and {row["feature"] for row in before["drivers"]} >= {"x"}
    assert before["beats_chance"] == ["a", "b"] and before["judged"] == 2 and before["said"] == [["c"]]
    assert {"nobody", "personalised", "everybody gets a", "everybody gets b"} < {
        r["policy"] for r in before["measured"]
    }
    assert all(row["weighted"] is not None for row in before["measured"]) and before["beats"]["value"] > 0


def test_every_kind_of_the_contract_has_words():
    assert set(TABLES["offer_metrics"].column("kind").words) == set(wording.METRICS)
    with pytest.raises(KeyError):
        wording.row("o", "t", "logistic", "no such kind")
