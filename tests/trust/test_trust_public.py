"""`--public`: tables anybody may read, from which no group of fewer than fifteen people can be told."""

from __future__ import annotations

import json
import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from public_town import Still, caught, town
from typer.testing import CliRunner

from cli.main import app
from engine.errors import InputError
from engine.graph.summaries import community_sizes
from engine.handsets import loyalty_public, loyalty_report
from engine.offers import owning
from engine.trust.noise import Noise

K = 15
# Per residence and manufacturer left: how many customers stayed, how many took the other one.
CHANGES = {
    ("Buda", "Apple"): (60, 40), ("Buda", "Nokia"): (50, 30),
    ("Pest", "Apple"): (70, 20), ("Pest", "Nokia"): (5, 40),
    ("Eger", "Apple"): (40, 30), ("Eger", "Nokia"): (60, 25),
}  # fmt: skip
OTHER = {"Apple": "Nokia", "Nokia": "Apple"}
PEOPLE = [
    ({"residence": residence}, maker, new)
    for (residence, maker), (stayed, went) in CHANGES.items()
    for new in [maker] * stayed + [OTHER[maker]] * went
]


def shown(people, columns, noise):
    frames = town(people)
    found = loyalty_report.report(*frames, by=columns, effects=owning.effects)
    return found, loyalty_public.public(found, *frames, noise)


def test_loyalty_leaves_out_the_small_cell_and_what_would_give_it_away():
    found, told = shown(PEOPLE, ["residence"], Still(K))
    keys = ["segment_by", "segment", "manufacturer"]
    # What is shown is true where nothing is moved.
    true = told.rows.select(keys).join(found.rows, on=keys, maintain_order="left")
    for name in ("n", "retained", "retention", "low", "high", "share", "lift", "log_odds", "excess", "handsets"):
        assert told.rows[name].to_list() == pytest.approx(true[name].to_list(), rel=1e-9)
    assert told.facts["withheld_rows"] == found.rows.height - told.rows.height > 1
    assert not told.rows.filter(segment="Pest", manufacturer="Nokia").height
    assert told.rows.filter(segment_by="", manufacturer="Apple")["n"].to_list() == [260]
    assert told.transitions.height == 0
    assert caught(PEOPLE, told.rows, ["residence"], K) == {}


def test_nothing_is_left_out_where_everything_is_large():
    people = [p for p in PEOPLE if (p[0]["residence"], p[1]) != ("Pest", "Nokia")]
    found, told = shown(people, ["residence"], Still(K))
    assert told.rows.select("segment", "manufacturer", "n").equals(found.rows.select("segment", "manufacturer", "n"))


def nested(seed: int, people: int = 300) -> list:
    """A town whose districts lie in residences, but for one that may lie in two; of some it is not known."""
    rng = random.Random(seed)
    sizes = [rng.choice([5, 7, 20, 30]) for _ in range(6)]
    across, found = rng.random() < 0.5, []
    for _ in range(people):
        district = rng.choices(range(6), sizes)[0]
        residence = "r0" if across and district == 3 and rng.random() < 0.2 else f"r{district // 3}"
        unknown = across and rng.random() < 0.02
        left = rng.choices(["Apple", "Nokia", "Sony"], [6, 3, 1])[0]
        taken = left if rng.random() < 0.6 else rng.choice(["Apple", "Nokia", "Sony"])
        found.append(({"residence": residence, "district": None if unknown else f"d{district}"}, left, taken))
    return found


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000))
def test_nested_columns_subtracted_give_nobody_away(seed):
    people, k = nested(seed), 5
    _, told = shown(people, ["residence", "district"], Still(k))
    assert caught(people, told.rows, ["residence", "district"], k) == {}


def test_the_attack_finds_people_where_each_column_is_protected_by_itself():
    k, columns, found = 5, ["residence", "district"], []
    for seed in range(4):
        people = nested(seed, 500)
        alone = [shown(people, [column], Still(k))[1].rows for column in columns]
        rows = pl.concat(alone).unique(subset=["segment_by", "segment", "manufacturer"])
        found += caught(people, rows, columns, k).values()
    assert len(found) >= 3 and any(high - low < 0.5 for low, high in found)


def test_what_is_published_is_moved_rounded_and_never_small():
    noise = Noise(b"s" * 32, b"content", K)
    _, told = shown(PEOPLE, ["residence"], noise)
    _, true = shown(PEOPLE, ["residence"], Still(K))
    assert 3 < told.rows.height <= true.rows.height
    both = told.rows.join(true.rows, on=["segment_by", "segment", "manufacturer"], suffix="_true")
    for name in ("n", "retained"):
        assert (told.rows[name] % 5 == 0).all() and told.rows[name].min() >= K + 5
        off = (both[name] - both[f"{name}_true"]).abs()
        assert off.max() <= 12 and off.max() > 0
    assert told.rows["retention"].to_list() == (told.rows["retained"] / told.rows["n"]).clip(0, 1).to_list()


def test_too_many_groups_are_refused_not_left_unchecked(monkeypatch):
    monkeypatch.setattr(loyalty_public, "MOST", 10)
    with pytest.raises(InputError, match="residence, district make"):
        shown(nested(1), ["residence", "district"], Still(5))


def test_communities_are_sizes_only_and_no_single_one_is_missing():
    members = [c for c, n in {7: 40, 1: 30, 2: 20, 3: 4}.items() for _ in range(n)]
    nodes = pl.DataFrame({"community": members, "pagerank": 0.1, "party_id": [f"p{n}" for n in range(94)]})
    assert dict(community_sizes(nodes, Still(K)).iter_rows()) == {1: 40, 2: 30}
    assert dict(community_sizes(nodes, Still(K), smallest=35).iter_rows()) == {1: 40}
    assert community_sizes(nodes.filter(pl.col("community") != 3), Still(K))["size"].to_list() == [40, 30, 20]
    moved = community_sizes(nodes, Noise(b"s" * 32, b"content", K))["size"]
    assert (moved % 5 == 0).all()


def test_the_commands_take_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call = CliRunner().invoke
    assert call(app, ["init", "w"]).exit_code == 0
    for args in (["loyalty", "--public"], ["graph", "communities", "--public"]):
        done = call(app, [*args, "-w", "w", "-o", "json"])
        assert done.exit_code == 0, done.stderr
        told = json.loads(done.stdout)
        assert (told["rows"] if isinstance(told, dict) else told) == []
    assert (tmp_path / "w" / "report.secret").stat().st_mode & 0o077 == 0
