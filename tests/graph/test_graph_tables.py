"""sql/graph against plain Python, on random logs, planted cases and the real one."""

from __future__ import annotations

import math
from datetime import date, timedelta
from decimal import Decimal, getcontext
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import engine
from engine.config import Graph
from engine.errors import ConfigError
from engine.graph.ranking import top_contacts
from engine.pipeline import edges as stage
from tests import oracles
from tests.graph.conftest import AS_OF, Town, day, pair_days

LOOSE = {"hub_contacts_per_month": 4, "hub_degree_quantile": 0.7, "hub_mutual_share": 0.3}


@st.composite
def logs(draw):
    """A random small log: pair-days of 8 people over 120 days, some handsets, perhaps an opt-out."""
    keys = draw(
        st.lists(
            st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(-5, 115)).filter(lambda k: k[0] != k[1]),
            unique=True,
            max_size=60,
        )
    )
    contact = st.tuples(st.integers(0, 3), st.integers(0, 9000), st.integers(0, 3)).filter(lambda c: c[0] or c[2])
    rows = []
    for src, dst, age in keys:
        n_calls, talk_s, n_texts = draw(contact)
        rows.append((src, dst, day(age), n_calls, talk_s if n_calls else 0, n_texts))
    nodes = sorted({n for row in rows for n in row[:2]})
    devices = [(n, m, draw(st.sampled_from([None, "x", "y"])), None) for n, m in pairwise(nodes)]
    return rows, draw(st.sets(st.sampled_from(range(8)), max_size=1)), devices


def expected(rows, opted_out=(), devices=(), window=90, half_life=30.0):
    edge_table = oracles.edges(rows, AS_OF, window, half_life, opted_out)
    hubs = oracles.hubs(rows, edge_table, AS_OF, window, 4, 0.7, 0.3)
    handsets = {}
    for caller, _, device, _ in devices:
        if device:
            handsets.setdefault(caller, set()).add(device)
    return edge_table, hubs, oracles.ties(edge_table, hubs, handsets)


def assert_tables(town: Town, edge_table, hubs, ties):
    got = {(r["src"], r["dst"]): r for r in town.store.read("edges").iter_rows(named=True)}
    assert got.keys() == edge_table.keys()
    for key, want in edge_table.items():
        row = got[key]
        assert [row[c] for c in ("n_calls", "talk_s", "n_texts")] == [want[c] for c in ("n_calls", "talk_s", "n_texts")]
        assert row["active_days"] == len(want["days"])
        assert (row["first_day"], row["last_day"]) == (min(want["days"]), max(want["days"]))
        assert row["strength"] == pytest.approx(want["strength"], rel=1e-12)
    found = {r[0]: r[1:] for r in town.store.read("hubs").rows()}
    assert found.keys() == hubs.keys()
    for node, (contacts, share, reason) in hubs.items():
        assert found[node] == (contacts, pytest.approx(share), reason)
    got = {(r["a"], r["b"]): r for r in town.store.read("ties").iter_rows(named=True)}
    assert got.keys() == ties.keys()
    for key, want in ties.items():
        row = got[key]
        assert (row["gated_because"], row["active_days"]) == (want["gated"], want["active_days"])
        assert row["weight"] == pytest.approx(want["weight"], rel=1e-12)
        assert row["reciprocity"] == pytest.approx(want["reciprocity"], rel=1e-12)
        assert (
            row["overlap"] == pytest.approx(want["overlap"]) if want["overlap"] is not None else row["overlap"] is None
        )


@given(logs(), st.sampled_from([(90, 30.0), (30, 5.0), (200, 60.5)]))
@settings(max_examples=25)
def test_tables_equal_plain_python(log, span):
    rows, opted_out, devices = log
    town = Town().fill(rows, opted_out=opted_out, devices=devices)
    town.build(window_days=span[0], half_life_days=span[1], **LOOSE)
    assert_tables(town, *expected(rows, opted_out, devices, *span))
    town.store.close()


@given(
    st.lists(st.tuples(st.sampled_from([1, 2, 3]), st.booleans(), st.integers(1, 80)), min_size=4, max_size=40),
    st.sampled_from([2.0, 2.5, 7.0, 90.0]),
)
@settings(max_examples=25)
def test_the_first_contact_is_that_of_whole_precision_however_old(contacts, half_life):
    """The one person's contacts 1, 2, 3 by decimals of 60 digits, down to contact 40 half-lives old."""
    rows = sorted({(other, 0, day(age)) if back else (0, other, day(age)) for other, back, age in contacts})
    town = Town().fill([(*row, 1, 0, 0) for row in rows]).build(window_days=80, half_life_days=half_life)
    getcontext().prec = 60
    strength: dict[tuple[int, int], Decimal] = {}
    for src, dst, on in rows:
        faded = Decimal(2) ** (-Decimal((AS_OF - on).days) / Decimal(half_life))
        strength[src, dst] = strength.get((src, dst), Decimal(0)) + faded
    got = {(row["src"], row["dst"]): row["strength"] for row in town.store.read("edges").iter_rows(named=True)}
    assert got.keys() == strength.keys()
    for key, value in strength.items():
        assert got[key] == pytest.approx(float(value), rel=1e-6)
    days = {other: {on for src, dst, on in rows if other in (src, dst)} for other in (1, 2, 3)}
    weight = {}
    for other in (1, 2, 3):
        there, back = strength.get((0, other)), strength.get((other, 0))
        if there and back and len(days[other]) > 1:
            weight[other] = (there + back) / 2 + min(there, back)
    first = top_contacts("strongest", town.network(), np.ones(town.network().n), top=1).filter(customer_id="p0")
    if weight:
        best = max(weight.values())
        named = int(first["contact_id"].item().removeprefix("p"))
        assert weight[named] >= best * (1 - Decimal("2e-6"))
    else:
        assert not first.height
    town.store.close()


def test_contact_older_than_forty_half_lives_is_refused_with_the_remedy(town):
    rows = [(0, 1, day(81), 1, 60, 0), (1, 0, day(2), 1, 60, 0)]
    with pytest.raises(ConfigError, match="more than 40 half-lives of 2 days") as refused:
        town.fill(rows).build(window_days=90, half_life_days=2.0)
    assert "graph.window_days = 80 or fewer, or graph.half_life_days = 3 or more" in refused.value.fix
    town.build(window_days=80, half_life_days=2.0)
    town.build(window_days=90, half_life_days=3.0)
    # A long window over a short log is nothing to refuse.
    town.fill([(0, 1, day(30), 1, 60, 0)]).build(window_days=3660, half_life_days=2.0)


@given(logs(), st.randoms(use_true_random=False))
@settings(max_examples=10)
def test_order_of_rows_changes_nothing(log, random):
    rows, opted_out, devices = log
    one = Town().fill(rows, opted_out=opted_out, devices=devices).build(**LOOSE)
    shuffled = list(rows)
    random.shuffle(shuffled)
    other = Town().fill(shuffled, opted_out=opted_out, devices=devices).build(**LOOSE)
    for table in ("edges", "hubs", "ties"):
        assert one.store.read(table).equals(other.store.read(table), null_equal=True)
        assert other.store.read(table).schema == one.store.read(table).schema
    one.store.close()
    other.store.close()


def test_every_gate_has_its_reason(town):
    rows = []
    for a, b in [(0, 1), (2, 3), (4, 5)]:
        rows += [(a, b, day(3), 1, 60, 0), (b, a, day(9), 1, 60, 0)]
    rows += [(0, 2, day(4), 1, 0, 0), (0, 2, day(5), 1, 0, 0)]  # one way
    rows += [(1, 3, day(4), 0, 0, 1), (3, 1, day(4), 0, 0, 1)]  # one day
    rows += [(9, n, day(4), 1, 5, 0) for n in range(9)] + [(n, 9, day(6), 1, 5, 0) for n in range(9)]  # hub
    town.fill(rows, devices=[(4, 0, "H", None), (0, 5, None, "H")]).build(hub_contacts_per_month=8)
    got = {(a, b): why for a, b, why in town.store.read("ties", ["a", "b", "gated_because"]).rows()}
    assert got[0, 1] is None and got[2, 3] is None
    assert (got[0, 2], got[1, 3], got[4, 5], got[0, 9]) == ("one_way", "few_days", "same_handset", "hub")
    assert town.store.read("hubs").rows() == [(9, 9, 1.0, "many_contacts")]


def test_a_month_is_thirty_days_not_the_window(town):
    rows = [(0, n, day(1 + 30 * (n > 5)), 1, 0, 0) for n in range(1, 11)]
    town.fill(rows).build(hub_contacts_per_month=5)
    assert town.store.count("hubs") == 0
    town.build(hub_contacts_per_month=4)
    assert town.store.read("hubs")["node"].to_list() == [0]


def test_one_way_hub_needs_a_thousand_parties(town):
    rows = [(0, n, day(2), 1, 0, 0) for n in range(1, 60)] + [(n, n + 1, day(2), 1, 9, 0) for n in range(100, 1200, 2)]
    town.fill(rows).build()
    assert town.store.read("hubs").rows() == [(0, 59, 0.0, "one_way")]
    town.fill(rows[:59]).build()
    assert town.store.count("hubs") == 0


def test_opted_out_parties_leave_no_trace(town):
    rows = [(0, 1, day(2), 1, 60, 0), (1, 0, day(4), 1, 60, 0), (1, 2, day(2), 1, 60, 0), (2, 1, day(3), 1, 60, 0)]
    town.fill(rows, opted_out={2}).build()
    assert town.store.read("edges", ["src", "dst"]).rows() == [(0, 1), (1, 0)]
    assert town.store.read("ties", ["a", "b"]).rows() == [(0, 1)]
    assert town.network().party_id.to_list() == ["p0", "p1"]


def test_window_edges_are_whole_days(town):
    rows = [(0, 1, day(age), 1, 0, 0) for age in (0, 1, 90, 91)]
    town.fill(rows).build()
    row = town.store.read("edges").row(0, named=True)
    assert (row["active_days"], row["first_day"], row["last_day"]) == (2, day(90), day(1))
    assert row["strength"] == pytest.approx(2 ** (-1 / 30) + 2 ** (-90 / 30), rel=1e-14)


def test_as_of_is_the_day_after_the_last_event(town):
    town.fill([(0, 1, day(2), 1, 0, 0)], devices=[(0, 1, None, None)])
    assert stage.as_of(town.store, Graph()) == date(2024, 3, 26)
    assert stage.as_of(town.store, Graph(as_of="2024-02-01")) == date(2024, 2, 1)
    with pytest.raises(ConfigError, match="is not a date"):
        stage.as_of(town.store, Graph(as_of="yesterday"))


def test_an_empty_log_gives_empty_tables(town):
    town.fill([])
    for setting in ("", "2024-01-01"):
        stage.build(town.store, Graph(as_of=setting))
        assert [town.store.count(t) for t in ("edges", "hubs", "ties")] == [0, 0, 0]


def test_a_very_long_window_is_no_error(town):
    town.fill([(0, 1, day(2), 1, 0, 0)], as_of=AS_OF).build(window_days=3660)
    assert town.store.count("edges") == 1
    stage.build(town.store, Graph(as_of="0001-02-01"))
    assert town.store.count("edges") == 0


@pytest.mark.real
def test_copenhagen_equals_plain_python(town, copenhagen_events):
    rows = pair_days(copenhagen_events)
    until = copenhagen_events["day"].max() + timedelta(days=1)
    town.fill(rows, as_of=until).build()
    edge_table = oracles.edges(rows, until)
    assert_tables(town, edge_table, oracles.hubs(rows, edge_table, until), oracles.ties(edge_table))


@pytest.mark.real
def test_four_of_five_call_edges_are_friendships(town, copenhagen_events, real_data):
    rows = pair_days(copenhagen_events.filter(pl.col("kind") == "call"))
    town.fill(rows, as_of=date(2014, 4, 1)).build()
    edges = town.store.read("edges", ["src", "dst"]).select(
        a=pl.min_horizontal("src", "dst"), b=pl.max_horizontal("src", "dst")
    )
    friends = pl.read_csv(real_data / "copenhagen/fb_friends.csv").rename(str.strip)
    friends = friends.select(
        a=pl.min_horizontal("user_a", "user_b").cast(pl.UInt32), b=pl.max_horizontal("user_a", "user_b").cast(pl.UInt32)
    )
    assert edges.height == 924
    ties = edges.unique()
    assert round(ties.join(friends, on=["a", "b"], how="semi").height / ties.height, 2) == 0.81


def test_sums_of_pairs_weigh_by_their_counts(tmp_path):
    """An edge list with counts, in two files of a month each: every count is as many days with a call."""
    text = "source,target,calls,seconds,texts"
    files = {
        "may": [("a", "b", 40, 2400, 0), ("b", "a", 30, 0, 2), ("a", "c", 3, 6000, 0), ("c", "a", 4, 60, 9)],
        "june": [("a", "b", 1, 30, 0), ("c", "a", 2, 0, 0), ("a", "c", 7, 700000, 0)],
    }
    ends = {"may": date(2024, 5, 31), "june": date(2024, 6, 30)}
    space = engine.create(tmp_path / "w", graph__as_of="2024-07-01", graph__min_active_days=1)
    for name, rows in files.items():
        (tmp_path / f"{name}.csv").write_text("\n".join([text, *(",".join(map(str, row)) for row in rows)]))
        engine.import_logs(space, [tmp_path / f"{name}.csv"], options={"epoch": ends[name]})
    result = {r.stage: r for r in engine.run(space, until="influencers")}
    assert "sums per pair" in " ".join(result["edges"].notes)
    wanted: dict[tuple[str, str], float] = {}
    for name, rows in files.items():
        fade = 2.0 ** (-(date(2024, 7, 1) - ends[name]).days / 30)
        for src, dst, calls, talk, texts in rows:
            once = 1 + 0.25 * math.log(1 + min(talk / calls, 3600) / 60)
            wanted[src, dst] = wanted.get((src, dst), 0.0) + fade * (calls * once + 0.5 * texts)
    names = dict(engine.table(space, "parties").select("node", "party_id").rows())
    got = {(names[row["src"]], names[row["dst"]]): row["strength"] for row in engine.table(space, "edges").to_dicts()}
    assert got == {pair: pytest.approx(value, rel=1e-12) for pair, value in wanted.items()}
    first = engine.influencers(space, definition="strongest", top=1).filter(customer_id="a")
    assert first["contact_id"].item() == "b"  # by days of contact it would be c
    # One file with times beside them, and days with contact count for all.
    (tmp_path / "log.csv").write_text("caller,callee,started_at,duration_s\na,b,2024-06-29 10:00:00,60\n")
    engine.import_logs(space, [tmp_path / "log.csv"])
    assert not engine.run(space, until="edges")[0].notes
