"""`--public`: tables anybody may read, from which no group of fewer than fifteen people can be told."""

from __future__ import annotations

import json
from datetime import datetime

import polars as pl
import pytest
from typer.testing import CliRunner

from cli.main import app
from engine.graph.summaries import community_sizes
from engine.offers import loyalty_report

K = 15
# Per residence and manufacturer left: how many customers stayed, how many took the other one.
CHANGES = {
    ("Buda", "Apple"): (60, 40), ("Buda", "Nokia"): (50, 30),
    ("Pest", "Apple"): (70, 20), ("Pest", "Nokia"): (5, 40),
    ("Eger", "Apple"): (40, 30), ("Eger", "Nokia"): (60, 25),
}  # fmt: skip


@pytest.fixture
def town() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Handsets and customers of that many changes."""
    handsets, customers = [], []
    for (residence, maker), (stayed, went) in CHANGES.items():
        other = {"Apple": "Nokia", "Nokia": "Apple"}[maker]
        for number, new in enumerate([maker] * stayed + [other] * went):
            who = f"{residence}-{maker}-{number:03d}"
            customers.append({"customer_id": who, "residence": residence, "age": 30})
            for spell, name in enumerate((maker, new), start=1):
                handsets.append({
                    "customer_id": who, "spell": spell, "tac": "35332811", "manufacturer": name, "model": "m",
                    "first_at": datetime(2025, spell, 1), "last_at": datetime(2025, spell + 1, 1),
                })  # fmt: skip
    return pl.DataFrame(handsets), pl.DataFrame(customers)


def test_loyalty_withholds_the_small_cell_and_what_would_give_it_away(town):
    found = loyalty_report.report(*town, by=["residence"])
    rows = loyalty_report.public(found, *town, K).rows
    figures = [c for c in rows.columns if c not in ("segment_by", "segment", "manufacturer")]
    assert rows.select("segment_by", "segment", "manufacturer").equals(
        found.rows.select("segment_by", "segment", "manufacturer")
    )
    shown = rows.filter(pl.col("n").is_not_null())
    # What is shown is true, what is withheld is withheld whole.
    assert shown.equals(found.rows.join(shown, on=["segment_by", "segment", "manufacturer"], how="semi"))
    assert rows.filter(pl.col("n").is_null()).select(figures).null_count().row(0) == (
        rows.height - shown.height,
    ) * len(figures)
    assert not rows.filter(segment="Pest", manufacturer="Nokia")["n"].is_not_null().any()
    # With the whole and two of three towns the third would follow.
    nokia = rows.filter(segment_by="residence", manufacturer="Nokia")
    whole = rows.filter(segment_by="", manufacturer="Nokia")["n"][0]
    assert whole is None or nokia["n"].null_count() >= 2
    assert rows.filter(segment_by="", manufacturer="Apple")["n"].to_list() == [260]
    assert loyalty_report.public(found, *town, K).transitions.height == 0


def test_nothing_is_withheld_where_everything_is_large(town):
    handsets, customers = (frame.filter(~pl.col("customer_id").str.starts_with("Pest-Nokia")) for frame in town)
    found = loyalty_report.report(handsets, customers, by=["residence"])
    assert loyalty_report.public(found, handsets, customers, K).rows.equals(found.rows)


def test_communities_are_sizes_only_and_no_single_one_is_missing():
    members = [c for c, n in {0: 40, 1: 30, 2: 20, 3: 4}.items() for _ in range(n)]
    nodes = pl.DataFrame({"community": members, "pagerank": 0.1, "party_id": [f"p{n}" for n in range(94)]})
    assert dict(community_sizes(nodes, K).iter_rows()) == {0: 40, 1: 30}
    assert dict(community_sizes(nodes, K, smallest=35).iter_rows()) == {0: 40}
    assert community_sizes(nodes.filter(pl.col("community") < 3), K)["size"].to_list() == [40, 30, 20]


def test_the_commands_take_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call = CliRunner().invoke
    assert call(app, ["init", "w"]).exit_code == 0
    for args in (["loyalty", "--public"], ["graph", "communities", "--public"]):
        done = call(app, [*args, "-w", "w", "-o", "json"])
        assert done.exit_code == 0, done.stderr
        told = json.loads(done.stdout)
        assert (told["rows"] if isinstance(told, dict) else told) == []
