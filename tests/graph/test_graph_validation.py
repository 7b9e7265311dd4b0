"""`validate` on a warehouse: nothing after the cut leaks into what is predicted from, and nothing stored changes."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from engine.config import Config, Graph
from engine.errors import InputError, WorkspaceError
from engine.tables import TABLES
from engine.usecases import validation

START = date(2024, 1, 1)
EVENT = {"kind": pl.String, "caller": pl.UInt32, "callee": pl.UInt32, "started_at": pl.Date, "duration_s": pl.Int32,
         "answered": pl.Boolean, "caller_tac": pl.String, "source_id": pl.String}  # fmt: skip


def fill(town, days=240, people=120, seed=3):
    """Everybody calls two neighbours every fourth day; of each pair one changes handset and the other follows."""
    rng = np.random.default_rng(seed)
    change = {i: int(rng.integers(100, 140)) for i in range(0, people, 4)}
    change |= {i + 1: c + int(rng.integers(20, 50)) for i, c in change.items()}
    rows, events = {}, []
    for today in range(days):
        for i in range(people):
            if (today + i) % 4:
                continue
            tac = "22222222" if today >= change.get(i, 10**6) else "11111111"
            for other in ((i ^ 1), (i + 2) % people):
                at = START + timedelta(days=today)
                rows[i, other, at] = (i, other, at, 1, 60, 0)
                events.append(("call", i, other, at, 60, True, tac, "s"))
    town.fill(list(rows.values()))
    frame = pl.DataFrame(events, schema=EVENT, orient="row").with_columns(pl.col("started_at").cast(pl.Datetime("us")))
    town.store.append("events", frame)
    return town.store


def test_followers_are_predicted(town):
    store = fill(town)
    before = {t: store.count(t) for t in TABLES}
    got = validation.validate(store, Config(), as_of=START + timedelta(days=140), horizons=[60], permutations=200)
    assert {t: store.count(t) for t in TABLES} == before
    lines = {row["definition"]: row for row in got.iter_rows(named=True)}
    assert lines.keys() >= {"tie_reach", "strongest", "random", "most_called", "most_central"}
    assert lines["strongest"]["customers"] == 120 and lines["strongest"]["coverage"] == 1.0
    # The only tie that counts is that of the planted pairs: all 30 leaders changed before the cut.
    line = lines["strongest"]
    assert line["outcomes"] >= 20 and line["p_exposed"] == line["outcomes"] / line["exposed"]
    assert line["p_not_exposed"] == 0 and line["lift"] is None
    # Circles of two leave nothing to shuffle: the test says so instead of calling the pairs influence.
    assert line["p_value"] == 1.0


def test_what_happens_after_the_cut_changes_only_outcomes(town, new_town):
    cut = START + timedelta(days=140)
    store = fill(town)
    other = fill(new_town())
    other.connection.execute("DELETE FROM pair_days WHERE day >= ?", [cut])
    other.connection.execute("UPDATE events SET callee = 0 WHERE started_at >= ? AND caller > 5", [cut])
    one, two = (validation.validate(s, Config(), as_of=cut, horizons=[30], permutations=99) for s in (store, other))
    assert one.equals(two)


def test_clear_errors(town):
    with pytest.raises(WorkspaceError, match="no call records"):
        validation.validate(town.store, Config())
    town.fill([], devices=[(0, 1, None, None)])
    with pytest.raises(InputError, match="days of records after it"):
        validation.validate(town.store, Config())
    plain = fill(town, days=40)
    with pytest.raises(InputError, match="no change of handset"):
        validation.validate(plain, Config(graph=Graph(window_days=30)), horizons=[5], as_of=START + timedelta(days=30))
    assert town.store.query_text("SELECT current_database() AS d")["d"].item() == "memory"
