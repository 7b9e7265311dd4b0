"""Towns in which people act after each other, by a rule that is known: what learned influence has to find, or not."""

from __future__ import annotations

import numpy as np
import polars as pl

from engine.graph import learning, prediction, risk
from engine.graph.acting import led
from engine.graph.arrays import adjacency, symmetric
from engine.graph.communities import circles
from engine.graph.network import Network, ranks
from engine.graph.pairs import pairs

DAYS = (60, 150, 240)  # first day looked at, first day that judges, first day not counted
WINDOW = 30
HAZARD, PULL, ALIKE = 0.0008, 0.012, 0.9
# Kind: by what a contact pulls, and whether circles differ in how often they act.
KINDS = {"features": ("features", 0.0), "strength": ("strength", 0.0), "alike": ("", ALIKE), "nothing": ("", 0.0)}


def town(kind: str, seed: int, people: int):
    """A town for `engine.graph.learning.learn`; returns (view before, view after, true contact int[people] or -1)."""
    by, alike = KINDS[kind]
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    circle = rng.integers(0, people // 40, people)
    order = np.argsort(circle, kind="stable")
    a = np.repeat(np.arange(people), 4)
    near, size = np.searchsorted(circle[order], circle[a]), np.bincount(circle)[circle[a]]
    b = np.where(rng.random(len(a)) < 0.92, order[near + rng.integers(0, size)], rng.integers(0, people, len(a)))
    one, other = np.unique(np.sort(np.column_stack([a, b])[a != b], axis=1), axis=0).T
    there, back = rng.lognormal(0, 1.2, (2, len(one)))
    balance = np.minimum(there, back) / (there + back)
    network = Network(
        node=np.arange(people, dtype=np.uint32),
        party_id=pl.Series([f"p{i:06}" for i in range(people)]),
        is_customer=np.ones(people, bool),
        is_hub=np.zeros(people, bool),
        out=adjacency(np.r_[one, other], np.r_[other, one], np.r_[there, back], people),
        contacts=symmetric(one, other, (there + back) * (0.5 + balance), people),
    )
    _, central = ranks(network)
    ties = pl.DataFrame({"a": one, "b": other}).with_columns(
        pl.Series(name, rng.random(len(one))) for name in ("overlap", "recency", "new", "weekends", "texts")
    )
    facts = pl.DataFrame({"party_id": network.party_id, "manufacturer": rng.choice(["A", "B"], people).tolist(),
                          "age": rng.integers(18, 80, people)})  # fmt: skip
    none = np.zeros(people, np.int64)
    known = pairs(network, central, ties, facts, (none, none))
    pull = {
        "features": known.of_pair["outgoing"] * known.of_pair["reciprocity"] ** 0.5,
        "strength": network.shares(),
    }.get(by, np.zeros(len(network.contacts.indices)))
    rows = network.contacts.rows()
    truth = np.full(people, -1)
    if by:
        pull *= people / pull.sum()  # alike on average: 1 a person, all contacts together
        best = np.lexsort((pull, rows))
        truth[rows[best]] = network.contacts.indices[best]
    base = HAZARD * np.exp(alike * rng.normal(size=circle.max() + 1) - alike**2 / 2)[circle]
    last, did = np.full(people, -1000), []
    for today in range(DAYS[-1]):
        recent = ((today - last <= WINDOW) & (last < today))[network.contacts.indices]
        chance = base + PULL * np.bincount(rows, weights=pull * recent, minlength=people)
        acting = np.flatnonzero((rng.random(people) < chance) & (last < 0))
        last[acting] = today
        did += [(int(i), today, 0) for i in acting]
    strata = pl.DataFrame({"community": circles(network.contacts, seed=1), "activity": network.contacts.row_sums(),
                           "handset_age_days": pl.Series([None] * people, dtype=pl.Int64)})  # fmt: skip
    cell, unit = prediction.strata_of(strata)
    acts = risk.acts(*np.array(did).T, people)
    views = []
    for day in DAYS[:2]:
        counts = np.zeros((2, people), np.int64)
        led(network.contacts.indptr, network.contacts.indices, acts.indptr, acts.day, acts.kind, WINDOW, day, *counts)
        views.append(learning.View(pairs(network, central, ties, facts, (counts[0], counts[1])), acts, cell, unit))
    return *views, truth


def share_true(score: np.ndarray, view: learning.View, truth: np.ndarray) -> float:
    """In which share of the customers the contact of the largest score is the true one."""
    contacts = view.pairs.network.contacts
    best = np.lexsort((score, contacts.rows()))
    top = np.full(contacts.n, -1)
    top[contacts.rows()[best]] = contacts.indices[best]
    return float((top == truth)[truth >= 0].mean())
