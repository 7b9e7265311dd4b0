"""Handset spells in SQL against a plain reading of the rule."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.tables import empty
from engine.warehouse.duckdb import DuckDBWarehouse

DAY0 = date(2024, 1, 1)
DEVICES = {"00000001": ("Apple", "A1"), "00000002": ("Samsung", "S1"), "00000003": ("Apple", "A2")}
SAME_MODEL = {"00000004": ("Apple", "A1")}


def warehouse(seen: list[tuple[str, str, int, int]], *, opted_out: tuple[str, ...] = ()) -> DuckDBWarehouse:
    """A warehouse with calls such that (customer, tac, day, n) was seen n times; callers and callees take turns."""
    store = DuckDBWarehouse(threads=1)
    people = sorted({row[0] for row in seen} | {"other"})
    store.write(
        "parties",
        pl.DataFrame(
            {
                "node": range(len(people)),
                "party_id": people,
                "is_customer": [p != "other" for p in people],
                "opted_out": [p in opted_out for p in people],
            }
        ),
    )
    known = {**DEVICES, **SAME_MODEL}
    store.write(
        "devices",
        pl.DataFrame(
            [{"tac": t, "manufacturer": m, "model": n} for t, (m, n) in known.items()],
            schema={"tac": str, "manufacturer": str, "model": str},
        ),
    )
    rows = []
    for customer, tac, day, n in seen:
        for i in range(n):
            me, other = people.index(customer), people.index("other")
            out = (i + day) % 2 == 0
            rows.append(
                {
                    "kind": "call",
                    "caller": me if out else other,
                    "callee": other if out else me,
                    "started_at": datetime(2024, 1, 1) + timedelta(days=day, seconds=len(rows)),
                    "duration_s": 1,
                    "answered": True,
                    "caller_tac": tac if out else None,
                    "callee_tac": None if out else tac,
                    "source_id": "s",
                }
            )
    events = pl.DataFrame(rows, schema_overrides={"caller_tac": str, "callee_tac": str}) if rows else empty("events")
    store.write("events", events)
    store.temp("handset_days", "offers/handset_days")
    return store


def spells(seen, *, before: int = 10_000, change_days: int = 7, change_events: int = 3, **more) -> list[tuple]:
    store = warehouse(seen, **more)
    frame = store.query(
        "offers/spells",
        before=DAY0 + timedelta(days=before),
        change_days=change_days,
        change_events=change_events,
    )
    store.close()
    return [
        (
            r["customer_id"],
            r["spell"],
            r["tac"],
            r["manufacturer"],
            (r["first_at"] - DAY0).days,
            (r["last_at"] - DAY0).days,
            r["n_events"],
        )
        for r in frame.to_dicts()
    ]


def oracle(seen, *, change_days: int, change_events: int) -> list[tuple]:
    """The rule read aloud: one handset a day, runs, the runs that count, spells."""
    known = {**DEVICES, **SAME_MODEL}
    result = []
    for customer in sorted({row[0] for row in seen}):
        per_day: dict[int, dict[str, list]] = {}
        for who, tac, day, n in seen:
            if who == customer:
                name = " ".join(known[tac]) if tac in known else tac
                entry = per_day.setdefault(day, {}).setdefault(name, [0, tac])
                entry[0] += n
                entry[1] = min(entry[1], tac)
        days = []
        for day in sorted(per_day):
            name = sorted(per_day[day], key=lambda k: (-per_day[day][k][0], k))[0]
            days.append((day, name, per_day[day][name][1], per_day[day][name][0]))
        runs: list[list] = []
        for day, name, _, n in days:
            if runs and runs[-1][0] == name:
                runs[-1][2], runs[-1][3] = day, runs[-1][3] + n
            else:
                runs.append([name, day, day, n])
        counting = [
            run for i, run in enumerate(runs) if run[3] >= change_events and (i == 0 or run[2] - run[1] >= change_days)
        ]
        if not counting:
            totals: dict[str, int] = {}
            for run in runs:
                totals[run[0]] = totals.get(run[0], 0) + run[3]
            met = {name: min(r[1] for r in runs if r[0] == name) for name in totals}
            best = sorted(totals, key=lambda k: (-totals[k], met[k], k))[0]
            counting = [[best, met[best], met[best], 0]]
        merged = [run for i, run in enumerate(counting) if i == 0 or counting[i - 1][0] != run[0]]
        for i, (name, first, _, _) in enumerate(merged):
            end = merged[i + 1][1] if i + 1 < len(merged) else 10**9
            own = [d for d in days if d[1] == name and first <= d[0] < end]
            tac = own[0][2]
            result.append(
                (customer, i + 1, tac, known.get(tac, ("unknown",))[0], first, own[-1][0], sum(d[3] for d in own))
            )
    return result


TACS = [*DEVICES, *SAME_MODEL, "99999999"]


@settings(max_examples=20)
@given(
    st.lists(
        st.tuples(st.sampled_from(["ann", "ben"]), st.sampled_from(TACS), st.integers(0, 30), st.integers(1, 4)),
        min_size=1,
        max_size=40,
        unique_by=lambda row: row[:3],
    ),
    st.integers(0, 8),
    st.integers(1, 5),
)
def test_spells_are_what_the_rule_says(seen, change_days, change_events):
    found = spells(seen, change_days=change_days, change_events=change_events)
    assert found == oracle(seen, change_days=change_days, change_events=change_events)


def steady(tac: str, first: int, last: int, n: int = 1) -> list[tuple]:
    return [("ann", tac, day, n) for day in range(first, last + 1)]


def test_a_sustained_other_model_is_a_change():
    found = spells(steady("00000001", 0, 20) + steady("00000002", 21, 40))
    assert [row[3:] for row in found] == [("Apple", 0, 20, 21), ("Samsung", 21, 40, 20)]


@pytest.mark.parametrize(("last", "n", "changes"), [(27, 1, False), (28, 1, True)])
def test_a_change_needs_seven_days(last, n, changes):
    found = spells(steady("00000001", 0, 20) + steady("00000002", 21, last, n))
    assert (len(found) == 2) is changes


def test_a_change_needs_three_events():
    before = steady("00000001", 0, 20)
    assert len(spells([*before, ("ann", "00000002", 21, 1), ("ann", "00000002", 40, 1)])) == 1
    assert len(spells([*before, ("ann", "00000002", 21, 1), ("ann", "00000002", 40, 2)])) == 2


def test_flicker_back_and_forth_is_ignored():
    days = [("ann", ("00000001", "00000002")[day % 3 == 0], day, 1) for day in range(1, 60)]
    assert [row[3:6] for row in spells(days)] == [("Apple", 1, 59)]


def test_two_tacs_of_one_model_are_one_handset():
    assert len(spells(steady("00000001", 0, 20) + steady("00000004", 21, 40))) == 1


def test_an_unknown_tac_is_said_to_be_unknown():
    assert [row[3] for row in spells(steady("99999999", 0, 20))] == ["unknown"]


def test_days_from_the_given_one_on_are_not_looked_at():
    log = steady("00000001", 0, 20) + steady("00000002", 21, 40)
    assert spells(log, before=24) == spells(steady("00000001", 0, 20))


def test_who_opted_out_has_no_spells():
    assert spells(steady("00000001", 0, 20), opted_out=("ann",)) == []


def test_nothing_seen_gives_nothing():
    assert spells([]) == []
