"""Learned influence: its regression beside statsmodels', its sets beside plain Python, and towns with known truth."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

import engine
from cli.main import app
from engine.config import Config, Graph
from engine.errors import ConfigError
from engine.graph import conditional, learning, pairs, ranking, risk
from engine.graph.conditional import Sets
from engine.pipeline import influencers, learned
from engine.usecases import influence
from tests.graph import acted
from tests.graph.conftest import AS_OF, made


def drawn(seed: int):
    """Sets with one case each: (sets of the exposed, their x, and every row as statsmodels wants it)."""
    rng = np.random.default_rng(seed)
    size = rng.integers(2, 8, 120)
    group = np.repeat(np.arange(120), size)
    x = rng.normal(size=(len(group), 3)) * (rng.random(len(group)) < 0.6)[:, None]
    score = x @ [0.8, -0.5, 0.0] + rng.gumbel(size=len(group))
    first = np.r_[0, np.cumsum(size)]
    case = np.zeros(len(group), bool)
    case[[first[k] + score[first[k] : first[k + 1]].argmax() for k in range(120)]] = True
    exposed = x.any(1)
    sets = Sets(size, rng.integers(0, 30, 120), group[exposed], case[exposed])
    return sets, x[exposed], (case.astype(int), x, group)


def test_the_regression_is_statsmodels():
    from statsmodels.discrete.conditional_models import ConditionalLogit

    sets, x, (case, every, group) = drawn(1)
    found = conditional.fit(sets, x, np.zeros(3))
    wanted = ConditionalLogit(case, every, groups=group).fit(method="newton", tol=1e-12, disp=False)
    assert found.coefficients == pytest.approx(np.asarray(wanted.params), abs=1e-6)
    assert conditional.log_likelihood(sets, x, found.coefficients).sum() == pytest.approx(wanted.llf, abs=1e-6)
    # Robust errors: each set's score, summed within units, between two inverses of the second derivative.
    chance = np.exp(every @ found.coefficients)
    chance /= np.bincount(group, weights=chance)[group]
    mean = np.column_stack([np.bincount(group, weights=chance * column) for column in every.T])
    score = np.column_stack([np.bincount(group, weights=(case - chance) * column) for column in every.T])
    inverse = np.linalg.inv((every * chance[:, None]).T @ every - mean.T @ mean)
    summed = np.array([score[sets.unit == u].sum(0) for u in np.unique(sets.unit)])
    meat = summed.T @ summed * len(summed) / (len(summed) - 1)
    assert found.covariance == pytest.approx(inverse @ meat @ inverse, rel=1e-6)
    ridge = conditional.fit(sets, x, np.full(3, 1e6)).coefficients
    assert np.abs(ridge).max() < 1e-3 < np.abs(found.coefficients).max()


def stood(did, person, kind, day, window):
    """0 never, 1 earlier, 2 within the window, None on that day."""
    days = [d for p, d, k in did if p == person and k == kind]
    before = [d for d in days if d < day]
    return None if day in days else 0 if not before else 2 if day - max(before) <= window else 1


@pytest.mark.parametrize("seed", range(3))
def test_sets_and_exposures_are_those_of_plain_python(seed):
    rng = np.random.default_rng(seed)
    n, window, days = 40, 10, (20, 60)
    did = sorted({(int(p), int(d), int(k)) for p, d, k in zip(
        rng.integers(0, n, 150), rng.integers(0, 80, 150), rng.integers(0, 2, 150), strict=True)})  # fmt: skip
    network = made([(int(a), int(b), 1.0) for a, b in rng.integers(0, n, (90, 2))], n=n)
    cell = np.where(rng.random(n) < 0.9, rng.integers(0, 3, n), -1)
    acts = risk.acts(*np.array(did).T, n)
    got = risk.exposed(acts, network.contacts, cell, np.arange(n), days, window=window, seed=seed)
    rows, entries, owner = network.contacts.rows(), network.contacts.indices, {}
    for row, entry in zip(got.row, got.entry, strict=True):
        owner.setdefault(int(row), set()).add(int(rows[entry]))
    cases = [(p, d, k) for p, d, k in did if days[0] <= d < days[1] and cell[p] >= 0]
    assert got.cases == len(cases) and all(len(who) == 1 for who in owner.values())
    exposed = {
        (p, d, k): {int(c) for c in network.contacts.indices[rows == p]
                    if any(a == c and b == k and d - window <= t < d for a, t, b in did)}
        for p, d, k in ((p, d, k) for _, d, k in cases for p in range(n))
    }  # fmt: skip
    # Each set is that of a case; which one follows from its unit, the day is one on which that person acted.
    for number, unit in enumerate(got.sets.unit):
        mine = np.flatnonzero(got.sets.row_set == number)
        contacts = {int(r): {int(entries[e]) for e in got.entry[got.row == r]} for r in mine}
        fits = [
            (p, d, k) for p, d, k in cases if p == unit
            and all(exposed[next(iter(owner[r])), d, k] == contacts[r] for r in contacts)
            and all(got.sets.case[r] == (owner[r] == {p}) for r in contacts)
            and all(cell[next(iter(owner[r]))] == cell[p] for r in contacts)
            and all(stood([*did], next(iter(owner[r])), k, d, window) ==
                    stood([x for x in did if x != (p, d, k)], p, k, d, window)
                    for r in contacts if not got.sets.case[r])
        ]  # fmt: skip
        assert fits, number
    assert len(got.sets.size) > 20 and got.sets.size.max() <= risk.CONTROLS + 1


@pytest.mark.parametrize("kind", acted.KINDS)
def test_influence_is_learned_where_it_is_more_than_strength_and_nowhere_else(kind):
    for seed in range(2 if kind == "features" else 1):
        before, after, truth = acted.town(kind, seed, 20_000)
        model, verdict = learning.learn(before, after, acted.DAYS, window=acted.WINDOW, seed=7)
        assert verdict.definition == ("learned" if kind == "features" else "strongest")
        assert (verdict.reason == "no_influence") == (kind in ("alike", "nothing"))
        if kind == "features":
            share, plain = (acted.share_true(s, after, truth) for s in
                            (model.scores(after.pairs), after.pairs.network.shares()))  # fmt: skip
            assert share >= 1.3 * plain
            held_out = {str(lift["definition"]): lift["held_out"] for lift in verdict.lifts}
            assert held_out["learned"] > held_out["strongest"] > 0


def test_what_was_learned_comes_back_from_its_table():
    rng = np.random.default_rng(3)
    names = len(pairs.NAMES)
    spread = np.r_[1.0, rng.random(names - 2) + 0.1, np.inf]
    model = learning.Model(rng.random(names), spread, rng.normal(size=names), rng.random(names))
    verdict = learning.Verdict("learned", "better", (60, 70), 0.001, (0.1, 0.05, 0.15), (0.5, 0.1, 0.9))
    table = learning.table(model, verdict)
    again, choice = learning.read(table)
    assert (choice.definition, choice.reason) == ("learned", "better")
    for name in ("mean", "deviation", "coefficients", "error"):
        assert getattr(again, name) == pytest.approx(getattr(model, name), rel=1e-12)
    assert learning.read(table.head(0)) == (None, learning.Verdict("strongest", "no_acts"))
    lone, choice = learning.read(learning.table(None, learning.Verdict("strongest", "too_few")))
    assert lone is None and choice.reason == "too_few"


def test_outgoing_and_embedded_by_hand():
    network = made([(0, 1, 3.0), (1, 0, 1.0), (0, 2, 1.0), (2, 0, 5.0), (1, 2, 2.0)],
                   [(0, 1, 4.0), (0, 2, 6.0), (1, 2, 2.0)])  # fmt: skip
    central = np.ones(3)
    first = {
        name: ranking.top_contacts(name, network, central, top=1) for name in ("outgoing", "embedded", "strongest")
    }
    mine = {name: frame.filter(customer_id="p0000").row(0, named=True) for name, frame in first.items()}
    assert mine["outgoing"]["contact_id"] == "p0001" and mine["outgoing"]["score"] == pytest.approx(0.75)
    # p0 and p2 both know p1: one contact in common.
    assert mine["embedded"]["contact_id"] == "p0002" and mine["embedded"]["score"] == pytest.approx(0.6 * 2)
    assert mine["strongest"]["contact_id"] == "p0002"


def fill(town, people=900, days=180, seed=1):
    """Everybody calls six others of their circle, one of them most; half of the acts follow that one."""
    rng = np.random.default_rng(seed)
    start = AS_OF - timedelta(days=days)
    rows, first = [], {}
    for i in range(people):
        circle = i // 12 * 12
        others = [circle + (i + k) % 12 for k in (1, 2, 5, 7, 10, 11)]
        first[i] = others[int(rng.integers(6))]
        for other in others:
            for today in range(int(rng.integers(1, 8)), days, 4 if other == first[i] else 20):
                rows.append((i, other, start + timedelta(days=today), 1, 60, 0))
    town.fill(rows)
    last, acts = np.full(people, -999), []
    for today in range(days):
        led = np.array([today - 20 <= last[first[i]] < today for i in range(people)])
        for i in np.flatnonzero((rng.random(people) < 0.004 + 0.08 * led) & (today - last > 60)):
            last[i] = today
            acts.append((f"p{i}", "upgrade", datetime.combine(start + timedelta(days=today), datetime.min.time())))
    ends = [datetime.combine(start, datetime.min.time()), datetime.combine(AS_OF, datetime.min.time()) - timedelta(1)]
    town.store.append("events", pl.DataFrame(
        {"kind": "call", "caller": [0, 1], "callee": [1, 2], "started_at": ends, "duration_s": 9, "answered": True,
         "source_id": "s"},
        schema_overrides={"caller": pl.UInt32, "callee": pl.UInt32, "duration_s": pl.Int32},
    ))  # fmt: skip
    town.store.write("acts", pl.DataFrame(acts, schema=["customer_id", "act", "at"], orient="row").unique(
        maintain_order=True))  # fmt: skip
    return first


def test_the_stage_learns_from_stored_acts_and_says_why_not(town):
    truth = fill(town)
    town.build()
    config = Config(graph=Graph(definition="auto"))
    before = {t: town.store.read(t) for t in ("edges", "ties", "acts")}
    one, two = learned.learn(town.store, config), learned.learn(town.store, config)
    assert one.model is not None and one.verdict.cases[0] >= learning.FEWEST
    assert learning.table(one.model, one.verdict).equals(learning.table(two.model, two.verdict))
    assert all(town.store.read(t).equals(frame) for t, frame in before.items())
    assert one.verdict.definition == "learned" and one.model.coefficients[pairs.NAMES.index("outgoing")] > 1
    graph = town.network()
    central = np.ones(graph.n)
    lifts = influencers.lifts_of(town.store, config, graph, central, one)
    assert (lifts > 0).all() and len(np.unique(lifts)) > 100
    rows = influencers.influencers(town.store, config, ["auto", "learned", "strongest"], graph, central, one)
    auto, meant = (rows.filter(definition=d).drop("definition") for d in ("auto", one.verdict.definition))
    assert auto.equals(meant) and auto["customer_id"].n_unique() == 900
    first = dict(auto.filter(pl.col("rank") == 1).select("customer_id", "contact_id").iter_rows())
    assert np.mean([first[f"p{i}"] == f"p{other}" for i, other in truth.items()]) > 0.95
    # Before the last day only: acts from a day on change nothing that is learned as of it.
    early = Config(graph=Graph(definition="auto", as_of=(AS_OF - timedelta(days=30)).isoformat()))
    was = learned.learn(town.store, early)
    cut = datetime.combine(AS_OF - timedelta(days=30), datetime.min.time())
    town.store.write("acts", before["acts"].filter(pl.col("at") < cut))
    now = learned.learn(town.store, early)
    assert learning.table(was.model, was.verdict).equals(learning.table(now.model, now.verdict))
    town.store.write("acts", before["acts"].head(0))
    none = learned.learn(town.store, config)
    assert (none.verdict.reason, none.model) == ("no_acts", None)
    auto = influencers.influencers(town.store, config, ["auto", "strongest"], graph, central, none)
    assert (
        auto.filter(definition="auto").drop("definition").equals(auto.filter(definition="strongest").drop("definition"))
    )
    with pytest.raises(ConfigError, match="import acts"):
        influencers.influencers(town.store, config, ["learned"], graph, central, none)
    able = influencers.influencers(town.store, config, ranking.DEFINITIONS, graph, central, none, where_possible=True)
    left_out = set(ranking.DEFINITIONS) - set(able["definition"])
    assert left_out == {"lead", "learned"}, "definitions that need what this town lacks are left out, and only these"


def test_what_shifts_for_all_contacts_alike_changes_nothing():
    """Where the records begin, ties are few and new and shares are large: that is no effect of a contact's act."""
    before, after, _ = acted.town("features", 3, 8000)
    known = before.pairs.of_pair
    moved = replace(before.pairs, of_pair=known | {"outgoing": known["outgoing"] + 0.8})
    options = {"window": acted.WINDOW, "seed": 7}
    one, two = (learning.learn(v, after, acted.DAYS, **options)[1] for v in (before, replace(before, pairs=moved)))
    assert one.cases == two.cases and one.gain is not None
    assert two.gain == pytest.approx(one.gain, abs=1e-9)


@pytest.mark.real
def test_students_without_acts_have_their_strongest_contact_and_are_told_why(real_data, tmp_path):
    space = engine.create(tmp_path / "w", run__today="2014-04-01")
    folder = real_data / "copenhagen"
    options = {"epoch": date(2014, 2, 24)}
    engine.import_logs(space, [folder / "calls.csv", folder / "sms.csv"], format="copenhagen", options=options)
    said = []
    rows = influence.influencers(space, definitions=["auto"], say=said.append)
    strongest = engine.influencers(space, definition="strongest")
    assert rows.height > 500 and rows.drop("definition").equals(strongest.drop("definition"))
    assert len(said) == 1 and said[0].startswith(
        "Influence is measured by the strength of ties (definition strongest): there are no acts and"
    )
    done = CliRunner().invoke(app, ["influencers", "--top", "1", "-w", str(space.path)])
    assert done.exit_code == 0 and said[0] in done.stderr
