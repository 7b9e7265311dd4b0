"""The experiment report against the tables it is made of, and against an attacker who subtracts its figures."""

from __future__ import annotations

import statistics
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from scipy import stats
from test_report_attack import K, narrowed_lines
from tests_report_town import PLANTED, make, tables

from engine.report.book import look_up
from engine.usecases import reporting

AT = datetime(2025, 3, 1)
DAYS = {"spring": 28, "rare": 30}


@pytest.fixture(scope="module")
def facts(small):
    return reporting.facts(small, "experiment", internal=True)


@pytest.fixture(scope="module")
def public(unmoved):
    return unmoved("experiment")


@pytest.fixture(scope="module")
def people(small):
    """Per answered experiment one row per customer: arm, acted (first day, None = never), exposed, and who they are."""
    found = {}
    with small.warehouse(read_only=True) as store:
        assignments, outcomes = store.read("assignments"), store.read("outcomes")
        exposures, customers, ties = store.read("exposures"), store.read("customers"), store.read("ties")
        ids = dict(store.read("parties").select("node", "party_id").iter_rows())
    known = {row["customer_id"]: row for row in customers.iter_rows(named=True)}
    friends = [(ids[row["a"]], ids[row["b"]]) for row in ties.iter_rows(named=True) if row["gated_because"] is None]
    for name, days in DAYS.items():
        mine = pl.col("experiment_id") == name
        seen = set(exposures.filter(mine)["customer_id"])
        acted = {}
        for row in outcomes.filter(mine & (pl.col("metric") != "complaint")).iter_rows(named=True):
            acted[row["customer_id"]] = row
        rows = []
        for row in assignments.filter(mine).iter_rows(named=True):
            act = acted.get(row["customer_id"])
            day = None if act is None else (act["at"] - row["assigned_at"]) // timedelta(days=1)
            day = None if day is None or day >= days else day
            rows.append(
                known[row["customer_id"]]
                | {"arm": row["arm"], "day": day, "exposed": row["customer_id"] in seen}
                | {"value": 0.0 if day is None else act["value"]}
            )
        found[name] = rows, friends
    return found


def trial(facts, name):
    return next(x for x in facts["experiments"] if x["name"] == name)


def test_every_state_of_an_experiment_is_told(facts):
    states = {x["name"]: x["status"] for x in facts["experiments"]}
    assert states == {"spring": "answered", "rare": "answered", "later": "assigned", "<i>planned</i> Győr": "designed"}
    assert trial(facts, "spring")["versions"][1]["changed"] == "horizon days 14 → 28"
    assert trial(facts, "later")["arms"][0]["clusters"] > 5 and trial(facts, "later")["effects"] == []
    assert trial(facts, "<i>planned</i> Győr")["arms"] == []


def test_arms_and_planted_effect_are_recomputed(facts, people):
    rows, _ = people["spring"]
    x = trial(facts, "spring")
    groups = {arm["arm"]: [r for r in rows if r["arm"] == arm["arm"]] for arm in x["arms"]}
    for arm in x["arms"]:
        own = groups[arm["arm"]]
        assert (arm["customers"], arm["exposed"]) == (len(own), sum(r["exposed"] for r in own))
        assert arm["acted"] == sum(r["day"] is not None for r in own) and arm["idle"] == len(own) - arm["acted"]
    sizes = [len(groups[a]) for a in ("own_face", "influencer_face")]
    assert x["sample_ratio"]["p"] == pytest.approx(stats.chisquare(sizes).pvalue, rel=1e-4)
    effect = x["effects"][0]
    yes = {arm: [float(r["day"] is not None) for r in own] for arm, own in groups.items()}
    test = stats.ttest_ind(yes["influencer_face"], yes["own_face"], equal_var=False)
    ends = test.confidence_interval()
    assert effect["difference"] == pytest.approx(
        statistics.fmean(yes["influencer_face"]) - statistics.fmean(yes["own_face"]), rel=1e-5
    )
    assert (effect["low"], effect["high"]) == pytest.approx((ends.low, ends.high), rel=1e-3)
    planted = PLANTED["spring"]["influencer_face"] - PLANTED["spring"]["own_face"]
    assert effect["low"] < planted < effect["high"] and effect["verdict"] == "better"
    assert effect["always_valid_low"] < effect["low"] and effect["decision"].startswith("better, +")


def test_what_comes_before_the_answers_differs_by_the_answers_alone(small):
    kinds = reporting.KINDS
    early = reporting.figures(small, kinds, internal=True, answered=False)
    whole = reporting.figures(small, kinds, internal=True)
    assert {name for name in whole if early.get(name) != whole[name]} == {"experiments"}
    assert reporting.figures(small, ("experiment",), internal=True)["experiments"] == whole["experiments"]
    for before, after in zip(early["experiments"], whole["experiments"], strict=True):
        answers = {key for key, value in after.items() if before.get(key) != value}
        assert bool(answers) == (after["name"] in DAYS), "the other has no outcomes yet"
        assert not answers & {"name", "plan", "versions", "funnel", "balance", "since"}


def test_balance_segments_and_looks_are_recomputed(facts, people):
    rows, friends = people["spring"]
    x = trial(facts, "spring")
    ages = {
        arm: [r["age"] for r in rows if r["arm"] == arm and r["age"] is not None]
        for arm in ("own_face", "influencer_face")
    }
    spread = (sum(statistics.pvariance(a) for a in ages.values()) / 2) ** 0.5
    age = next(r for r in x["balance"] if r["what"] == "age")
    difference = statistics.fmean(ages[age["arm"]]) - statistics.fmean(ages[age["versus"]])
    assert age["difference"] == pytest.approx(difference / spread, rel=1e-4)
    shown = [s for s in x["segments"] if s["by"] == "residence" and s["difference"] is not None]
    assert shown
    for segment in shown:
        means = {}
        for arm in ages:
            own = [r["day"] is not None for r in rows if (r["arm"], r["residence"]) == (arm, segment["segment"])]
            means[arm] = statistics.fmean(own)
        assert segment["difference"] == pytest.approx(means["influencer_face"] - means["own_face"], rel=1e-5)
    assert len(x["over_time"]) > 1
    for look in x["over_time"]:
        means = {
            arm: statistics.fmean([r["day"] is not None and r["day"] < look["day"] for r in rows if r["arm"] == arm])
            for arm in ages
        }
        assert look["difference"] == pytest.approx(means["influencer_face"] - means["own_face"], rel=1e-5)
    # Interference: shares of contacts in the arm, and least squares of the outcome on arm and share.
    place = {r["customer_id"]: i for i, r in enumerate(rows)}
    contacts = [[] for _ in rows]
    for a, b in friends:
        if a in place and b in place:
            contacts[place[a]].append(place[b])
            contacts[place[b]].append(place[a])
    treated = np.array([r["arm"] == "influencer_face" for r in rows], dtype=float)
    share = np.array([treated[c].mean() if c else 0.0 for c in contacts])
    outcome = np.array([r["day"] is not None for r in rows], dtype=float)
    alone = np.array([not c for c in contacts], dtype=float)
    design = np.column_stack([np.ones(len(rows)), treated, share, *([alone] if alone.any() else [])])
    fit = np.linalg.lstsq(design, outcome, rcond=None)[0]
    told = {e["effect"]: e["value"] for e in x["ties"]["estimates"] if e["method"] == "exposure regression"}
    expected = {"direct": fit[1], "spillover": fit[2], "total": fit[1] + fit[2]}
    assert {name: told[name] for name in expected} == pytest.approx(expected, rel=1e-4)
    assert sum(piece["n"] for piece in x["exposure"]) == len(rows)
    for piece in x["exposure"]:
        low, high, edge = piece["low"], piece["high"], 1e-9  # shares are sums of fractions
        inside = ((share > low + edge) | (low == 0)) & ((share < high - edge) | (high == 1))
        on_edge = (np.abs(share - low) <= edge) | (np.abs(share - high) <= edge)
        assert inside.sum() <= piece["n"] <= (inside | on_edge).sum()


def test_where_few_acted_the_effect_is_withheld_but_not_the_verdict(public, people):
    x = trial(public, "rare")
    rows, _ = people["rare"]
    few = {a["arm"] for a in x["arms"] if sum(r["day"] is not None for r in rows if r["arm"] == a["arm"]) < K}
    assert few and len(few) < len(x["arms"])
    for arm in x["arms"]:
        assert (arm["acted"] is None) or arm["arm"] not in few
    for effect in x["effects"]:
        hidden = {effect["arm"], effect["versus"]} & few
        if hidden:
            numbers = ("mean_arm", "mean_versus", "difference", "low", "high", "p", "p_holm", "decision")
            assert all(effect[name] is None for name in numbers)
        assert effect["verdict"] in ("better", "worse", "not shown to differ")
    assert x["decisions"] == []
    assert all(e["value"] is None for e in x["ties"]["estimates"] if {e["arm"], e["versus"]} & few)


def damage_plan(rows):
    rows["plans"][1]["plan"] = "{"


def change_arm(rows):
    rows["assignments"][0]["arm"] = "blimp"


def lose_values(rows):
    rows["outcomes"][0]["value"] = None


def act_all(rows):
    mine = [a for a in rows["assignments"] if a["experiment_id"] == "spring"]
    rows["outcomes"] = [
        {"experiment_id": "spring", "customer_id": a["customer_id"], "metric": "sale", "at": AT, "value": 1.0}
        for a in mine
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (damage_plan, "The plan of experiment spring cannot be read"),
        (change_arm, "broken: "),
        (lose_values, "values are missing or not finite; do not use these results"),
        (act_all, "Do not use these results"),
    ],
)
def test_a_damaged_experiment_is_told_and_spoils_no_report(change, said, tmp_path, tmp_path_factory):
    kept = ("parties", "customers", "plans", "assignments", "exposures", "outcomes")
    rows = {name: lines for name, lines in tables().items() if name in kept}
    change(rows)
    space = make(tmp_path / "bad", tmp_path_factory.getbasetemp() / "keys", rows)
    reporting.report(space, "experiment", tmp_path / "bad.html")
    assert said in (tmp_path / "bad.html").read_text(encoding="utf-8")
    assert reporting.facts(space, "loyalty")["loyalty"]


def test_differencing_the_experiments_gives_nothing_away(public, people):
    facts = public
    lines, told = [], {}
    for i, x in enumerate(facts["experiments"]):
        at = f"experiments.{i}"
        lines.append((f"{at}.customers", [f"{at}.arms.{j}.customers" for j in range(len(x["arms"]))]))
        for j, pair in enumerate(x["pairs"]):
            both = [f"{at}.arms.{n}.customers" for n, a in enumerate(x["arms"]) if a["arm"] in pair.values()]
            lines.append((f"{at}.pairs.{j}.customers", both))
            bins = [n for n, e in enumerate(x["exposure"]) if (e["arm"], e["versus"]) == (pair["arm"], pair["versus"])]
            lines.append((f"{at}.pairs.{j}.customers", [f"{at}.exposure.{n}.n" for n in bins]))
        for j, line in enumerate(x["funnel"][1:], start=1):
            lost = [n for n, r in enumerate(x["reasons"]) if r["gate"] == line["gate"]]
            parts = [f"{at}.funnel.{j}.left", *(f"{at}.reasons.{n}.customers" for n in lost)]
            lines.append((f"{at}.funnel.{j - 1}.left", parts))
        if x["name"] not in people:
            continue
        rows, _ = people[x["name"]]
        for j, arm in enumerate(x["arms"]):
            here = f"{at}.arms.{j}"
            own = [r for r in rows if r["arm"] == arm["arm"]]
            lines += [
                (f"{here}.customers", [f"{here}.acted", f"{here}.idle"]),
                (f"{here}.customers", [f"{here}.exposed", f"{here}.unexposed"]),
            ]
            # Whoever sees a difference between two arms knows who acted in both.
            effects = [e for e in x["effects"] if arm["arm"] in (e["arm"], e["versus"])]
            if any(e["difference"] is not None for e in effects):
                told[f"{here}.acted"] = sum(r["day"] is not None for r in own)
            looks = [0]
            for look in x["over_time"]:
                if arm["arm"] in (look["arm"], look["versus"]) and look["difference"] is not None:
                    looks.append(sum(r["day"] is not None and r["day"] < look["day"] for r in own))
            steps = np.diff(sorted(set(looks)))
            assert all(step >= K for step in steps), (x["name"], arm["arm"], looks)
            for by in ("residence", "age_band"):
                cut = [n for n, s in enumerate(x["segments"]) if s["by"] == by]
                for column in ("customers", "acted", "idle"):
                    parts = [f"{here}.{by}.{x['segments'][n]['segment']}.{column}" for n in cut]
                    lines.append((f"{here}.{column}", [*dict.fromkeys(parts), f"{here}.{by} rest.{column}"]))
                for n in cut:
                    s, cell = x["segments"][n], f"{here}.{by}.{x['segments'][n]['segment']}"
                    side = "arm" if s["arm"] == arm["arm"] else "versus" if s["versus"] == arm["arm"] else None
                    if side is None:
                        continue
                    lines.append((f"{cell}.customers", [f"{at}.segments.{n}.n_{side}"]))
                    lines.append((f"{cell}.customers", [f"{cell}.acted", f"{cell}.idle"]))
                    if s["difference"] is not None:
                        inside = [r for r in own if segment_of(r, by) == s["segment"]]
                        told[f"{cell}.acted"] = sum(r["day"] is not None for r in inside)
                        told[f"{cell}.idle"] = len(inside) - told[f"{cell}.acted"]
    lines = [(total, parts) for total, parts in lines if parts]
    for total, parts in lines:
        for path in (total, *parts):
            value = told.get(path, look_up(facts, path))
            assert value is None or value >= K, path
    assert len(told) > 6
    caught = narrowed_lines(lines, lambda path: told.get(path, look_up(facts, path)))
    # What is left of a segmentation may be known where it is many, or nobody.
    harmless = {path for path, ends in caught.items() if ends[0] >= K or (" rest." in path and ends[1] < 0.5)}
    assert {path: ends for path, ends in caught.items() if path not in harmless} == {}


def segment_of(row, by):
    if by == "residence":
        return row["residence"] or "unknown"
    names = ((30, "under 30"), (45, "30 to 44"), (60, "45 to 59"), (999, "60 and over"))
    return "unknown" if row["age"] is None else next(name for limit, name in names if row["age"] < limit)
