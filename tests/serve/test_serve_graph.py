"""Graphs to look at: who is drawn and what is left out, against loops over the tables; where people stand."""

from __future__ import annotations

import polars as pl
import pytest

from engine.charts.network import spread
from engine.serve import graph, people
from engine.workspace import snapshot


@pytest.fixture(scope="module")
def reading(town, tmp_path_factory):
    taken = snapshot.take(town, tmp_path_factory.mktemp("spill"))
    people.prepare(taken.lookups)
    yield taken.lookups
    taken.close()


@pytest.fixture(scope="module")
def counted(town) -> list[tuple[str, str, float]]:
    """Ties that count, by names."""
    with town.warehouse(read_only=True) as store:
        name = dict(store.read("parties").select("node", "party_id").iter_rows())
        ties = store.read("ties").filter(pl.col("gated_because").is_null())
    return [(name[a], name[b], weight) for a, b, weight in ties.select("a", "b", "weight").iter_rows()]


def asked(town, table: str) -> list[dict]:
    with town.warehouse(read_only=True) as store:
        return store.read(table).to_dicts()


def test_a_community_is_its_members_and_the_ties_among_them(reading, town, counted):
    shown = graph.of_community(reading, 1)
    gone = {row["party_id"] for row in asked(town, "parties") if row["opted_out"]}
    members = {row["party_id"] for row in asked(town, "nodes") if row["community"] == 1} - gone
    assert {row["party_id"] for row in shown["people"]} == members
    inside = sorted((weight for a, b, weight in counted if a in members and b in members), reverse=True)
    assert [tie["weight"] for tie in shown["ties"]] == pytest.approx(inside)
    assert (shown["left_out"], shown["ties_left_out"]) == (0, 0)


def test_what_is_too_much_is_left_out_and_said(reading, monkeypatch, counted):
    whole = graph.of_community(reading, 1)
    monkeypatch.setattr(graph, "MOST", 5)
    monkeypatch.setattr(graph, "MOST_TIES", 1)
    cut = graph.of_community(reading, 1)
    central = sorted(whole["people"], key=lambda row: (-row["centrality_pct"], row["party_id"]))[:5]
    assert {row["party_id"] for row in cut["people"]} == {row["party_id"] for row in central}
    assert cut["left_out"] == len(whole["people"]) - 5
    kept = {row["party_id"] for row in central}
    inside = [tie for tie in counted if {tie[0], tie[1]} <= kept]
    assert len(cut["ties"]) == min(1, len(inside))
    assert cut["ties_left_out"] == max(0, len(inside) - 1)


def test_around_a_customer_are_the_contacts_that_count(reading, town, counted, monkeypatch):
    mine = {b if a == "c0013" else a: weight for a, b, weight in counted if "c0013" in (a, b)}
    gone = {row["party_id"] for row in asked(town, "parties") if row["opted_out"]}
    mine = {name: weight for name, weight in mine.items() if name not in gone}
    shown = graph.around(reading, "c0013")
    assert shown["people"][0]["party_id"] == "c0013"
    assert {row["party_id"] for row in shown["people"][1:]} == set(mine)
    monkeypatch.setattr(graph, "MOST", 3)
    cut = graph.around(reading, "c0013")
    strongest = sorted(mine, key=lambda name: (-mine[name], name))[:2]
    assert [row["party_id"] for row in cut["people"][1:]] == strongest
    assert cut["left_out"] == len(mine) - len(strongest)


def test_named_by_counts_first_contacts(reading, town):
    named = pl.DataFrame(asked(town, "influencers")).filter(
        (pl.col("definition") == town.config.graph.definition) & (pl.col("rank") == 1)
    )
    counts = dict(named.group_by("contact_id").len().iter_rows())
    for shown in (graph.of_community(reading, 1), graph.around(reading, "c0013")):
        for row in shown["people"]:
            assert row["named_by"] == counts.get(row["party_id"], 0), row


def test_the_legend_counts_everybody_once(reading):
    shown = graph.of_community(reading, 1)
    for colour in graph.COLOURED_BY:
        drawn = graph.drawing(shown, graph.Look(colour=colour), {})
        assert sum(entry["n"] for entry in drawn["legend"]) == len(shown["people"]) == len(drawn["circles"])
        assert len({entry["colour"] for entry in drawn["legend"]}) == len(drawn["legend"])


def test_many_words_share_a_colour():
    people_ = [{"party_id": str(i), "x": 0, "y": 0, "manufacturer": f"m{i % 9}" if i else None, "named_by": i}
               for i in range(30)]  # fmt: skip
    drawn = graph.drawing({"people": people_, "ties": []}, graph.Look(), {})
    assert [entry["word"] for entry in drawn["legend"]][-2:] == ["others", "not known"]
    assert sum(entry["n"] for entry in drawn["legend"]) == 30
    assert [c["id"] for c in drawn["circles"]][:2] == ["29", "28"]  # by size


def test_people_stand_apart_inside_the_square_the_same_each_time():
    ties = [(0, i) for i in range(1, 40)] + [(40, 41)]
    first = spread(43, ties)
    assert first == spread(43, ties)
    assert len(set(first)) == 43
    assert max(abs(axis) for spot in first for axis in spot) == 1
    assert (spread(0, []), spread(1, [])) == ([], [(0.0, 0.0)])
