"""Whom to ask: against every choice there is, against plain greedy, and on a workspace."""

from __future__ import annotations

from itertools import combinations
from math import e

import numpy as np
import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from engine.graph.recruit import recruit
from engine.tables import empty
from engine.warehouse.duckdb import DuckDBWarehouse

PAIRS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 14)), max_size=60)
WEIGHTS = st.lists(st.integers(0, 9), min_size=15, max_size=15)


def best(lends: dict[int, set[int]], weight: list[int], people: int) -> int:
    """The most that any choice covers."""
    found = 0
    for k in range(people + 1):
        for chosen in combinations(sorted(lends), k):
            covered = set().union(*(lends[i] for i in chosen)) if chosen else set()
            found = max(found, sum(weight[c] for c in covered))
    return found


def plainly(lends: dict[int, set[int]], weight: list[int], people: int) -> list[tuple[int, int, int]]:
    """Greedy as one would write it: person, customers and weight added."""
    covered: set[int] = set()
    chosen = []
    for _ in range(people):
        adds = {i: lends[i] - covered for i in sorted(lends)}
        worth = {i: sum(weight[c] for c in new) for i, new in adds.items()}
        top = max(worth, key=lambda i: (worth[i], -i), default=None)
        if top is None or not worth[top]:
            break
        chosen.append((top, len(adds[top]), worth[top]))
        covered |= adds[top]
    return chosen


@given(pairs=PAIRS, weight=WEIGHTS, people=st.integers(1, 4))
@example(pairs=[(0, 0), (0, 1), (1, 0), (1, 1), (2, 2)], weight=[1] * 15, people=2)  # the second adds nothing
def test_greedy_is_plain_greedy_and_near_the_best(pairs, weight, people):
    lends: dict[int, set[int]] = {}
    for who, whom in pairs:
        lends.setdefault(who, set()).add(whom)
    person, customer = (np.array([p[i] for p in pairs], np.int64) for i in (0, 1))
    found = recruit(person, customer, np.array(weight, float), people=people)
    steps = plainly(lends, weight, people)
    assert list(zip(found.person.tolist(), found.customers.tolist(), found.value.tolist(), strict=True)) == steps
    most = best(lends, weight, people)
    assert found.value.sum() >= (1 - 1 / e) * most - 1e-9
    assert most <= found.bound + 1e-9
    assert found.value.sum() >= (1 - 1 / e) * found.bound - 1e-9


def test_a_large_graph_keeps_its_bound():
    rng = np.random.default_rng(3)
    customer = np.repeat(np.arange(20_000), 3)
    person = (20_000 * rng.random(len(customer)) ** 3).astype(np.int64)
    found = recruit(person, customer, np.ones(20_000), people=50)
    assert len(found.person) == 50 and (np.diff(found.value) <= 0).all()
    covered = np.unique(customer[np.isin(person, found.person)])
    assert len(covered) == found.value.sum() == found.customers.sum()
    assert found.bound < found.value.sum() * 1.3  # where the rule's own bound is 1.57 times


def test_asked_are_adult_customers_who_have_not_opted_out():
    store = DuckDBWarehouse(threads=1)
    names = ["adult", "minor", "gone", "stranger", "c1", "c2", "c3"]
    rows = {"node": range(7), "party_id": names, "is_customer": [n != "stranger" for n in names], "opted_out": False}
    store.write("parties", pl.DataFrame(rows).with_columns(pl.col("opted_out") | (pl.col("party_id") == "gone")))
    offered = {"customer_id": ["c1", "c2", "c3"], "offer_id": ["o", "o", None], "expected_value": [2.0, -1.0, 0.0]}
    store.write("choices", pl.DataFrame(offered).with_columns(reason=pl.lit("")))
    for status in ("no_photo", "no_consent", "minor", "matched"):
        about = {"customer_id": ["c1", "c2", "c3"], "arm": "influencer_face", "status": ["no_photo", status, status]}
        matches = pl.DataFrame(about)
        store.write("matches", pl.concat([empty("matches"), matches], how="diagonal_relaxed"))
        pairs = [(c, who) for c in ("c1", "c2", "c3") for who in names[:4]]
        store.register("lent", pl.DataFrame(pairs, schema=["customer_id", "contact_id"], orient="row"))
        store.execute_text("CREATE OR REPLACE TEMP TABLE _lenders AS FROM lent")
        store.execute_text(
            "CREATE OR REPLACE TEMP TABLE _standing AS "
            "SELECT party_id AS customer_id, party_id <> 'minor' AS adult FROM parties"
        )
        found = store.query("graph/recruits").rows()
        second = [] if status == "matched" else [("adult", "c2", 0.0)]  # an offer that costs more than it brings
        assert found == [("adult", "c1", 2.0), *second], status
        assert store.query("graph/lent").rows() == [(2, int(status == "matched"))]
    store.close()
