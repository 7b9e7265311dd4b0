"""What runs decided otherwise, against a plain model of drawn runs and erasures; its causes; what is kept of whom."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import engine
from cli.main import app
from engine.config import Config, Run
from engine.errors import InputError
from engine.runner import history
from engine.tables import TABLES
from engine.trust import forget
from engine.usecases import changes, erase
from engine.warehouse import in_memory

PEOPLE = ("ann", "ben", "cyd", "dee", "eve")
KEEP = 3
KEPT = Config(run=Run(keep=KEEP))


@dataclass(frozen=True)
class Decided:
    """One customer in one run."""

    contact: str | None
    offer: str | None
    arm: str | None
    subject: str | None
    photo: str | None
    ad: str | None

    def shown(self) -> dict[str, str | None]:
        """What is compared."""
        face = " ".join(part for part in (self.arm, self.photo) if part) if self.arm not in (None, "no_ad") else None
        return {"influencer": self.contact, "offer": self.offer, "face": face, "ad": self.ad}

    def without(self, person: str) -> Decided:
        """The same, after somebody else was erased."""
        lent = self.subject == person
        hidden = ["#" if lent else self.subject, "#" if lent and self.photo else self.photo]
        return Decided(
            "#" if self.contact == person else self.contact, self.offer, self.arm, *hidden,
            "#" if lent and self.ad else self.ad,
        )  # fmt: skip


def some(*words: str) -> st.SearchStrategy:
    return st.none() | st.sampled_from(words)


@st.composite
def decisions(draw) -> Decided:
    arm = draw(some("own_face", "influencer_face", "no_face", "no_ad"))
    shown = arm not in (None, "no_ad")
    face = arm in ("own_face", "influencer_face")
    return Decided(
        draw(some(*PEOPLE)), draw(some("pixel", "flip")), arm, draw(some(*PEOPLE)) if face else None,
        draw(st.sampled_from(("p", "q"))) if face else None, draw(some("ad1", "ad2")) if shown else None,
    )  # fmt: skip


STORIES = st.lists(
    st.dictionaries(st.sampled_from(PEOPLE), decisions(), max_size=5) | st.sampled_from(PEOPLE),
    min_size=2,
    max_size=6,
)


def as_tables(state: dict[str, Decided]) -> dict[str, pl.DataFrame]:
    """The tables of a run that decided this."""
    rows: dict[str, list[dict]] = {"influencers": [], "choices": [], "face_choices": [], "ads": []}
    for who, d in state.items():
        scores = {"score": 1.0, "tie_share": 1.0, "centrality_pct": 1.0, "margin": 1.0}
        if d.contact is not None:
            for definition, contact in ((KEPT.graph.definition, d.contact), ("other", "zoe")):
                line = {"customer_id": who, "definition": definition, "rank": 1, "contact_id": contact, **scores}
                rows["influencers"] += [line, {**line, "rank": 2, "contact_id": "zoe"}]
        rows["choices"].append({"customer_id": who, "offer_id": d.offer, "expected_value": 0.0, "reason": "x"})
        if d.arm is not None:
            photo = {"subject_id": d.subject, "photo_id": d.photo}
            rows["face_choices"].append({"customer_id": who, "arm": d.arm, "reason": "preferred", **photo})
        if d.ad is not None:
            ad = {"ad_id": d.ad, "customer_id": who, "offer_id": "pixel", "alt_text": "x", "offer_version": "1"}
            for arm, number in ((d.arm, d.ad), ("random_face", "another")):
                rows["ads"].append({**ad, "arm": arm, "ad_id": number, "photo_id": "p", "files": [f"{number}.jpg"]})
    kinds = {
        t: {c: k for c, k in TABLES[t].empty().schema.items() if c in (r[0] if r else ())} for t, r in rows.items()
    }
    return {table: pl.DataFrame(found, schema=kinds[table]) for table, found in rows.items() if found}


def told(rows: pl.DataFrame) -> set[tuple]:
    """Rows of a comparison, an ad by its id alone."""
    short = pl.when(kind="ad").then(pl.col("before", "after").str.split(":").list.first()).otherwise(
        pl.col("before", "after")
    )  # fmt: skip
    return set(rows.with_columns(short).rows())


def play(story: list) -> None:
    """Play runs and erasures in a database and in a plain model, and compare every two runs that are kept."""
    kept: dict[int, dict[str, Decided]] = {}
    number, start = 0, datetime(2026, 1, 1)
    with closing(in_memory(threads=1)) as store:
        known = {"node": range(6), "party_id": [*PEOPLE, "zoe"], "is_customer": True, "opted_out": False}
        store.write("parties", pl.DataFrame(known))
        for step in story:
            if isinstance(step, str):
                forget.rows(store, [step], keep=())
                kept = {n: {w: d.without(step) for w, d in run.items() if w != step} for n, run in kept.items()}
                store.write("parties", pl.DataFrame(known))  # whoever calls again is known again
                continue
            number += 1
            for table, rows in {
                t: TABLES[t].empty() for t in ("influencers", "choices", "face_choices", "ads")
            }.items():
                store.write(table, as_tables(step).get(table, rows))
            line = {"run_id": f"r{number}", "stage": "ads", "inputs_hash": "", "config_hash": "", "versions": "{}"}
            line |= {"depends_on": "{}", "rows": "{}", "status": "done"}
            at = start + timedelta(hours=number)
            store.append("runs", pl.DataFrame([{**line, "started_at": at, "finished_at": at}]))
            for _ in range(2):  # a run that finds nothing to do is no run
                history.note(store, KEPT)
            kept = {n: run for n, run in {**kept, number: step}.items() if n > number - KEEP}
            runs = {run.number: run for run in history.kept(store)}
            assert set(runs) == set(kept)
            for a, b in combinations(sorted(runs), 2):
                _same(changes.compare(store, runs[a], runs[b]), kept[a], kept[b])
        ended = store.read("decisions")["last_run"].drop_nulls()
        assert (ended > number - KEEP).all(), "nothing is kept of runs before those"


def _same(found: changes.Changes, old: dict[str, Decided], new: dict[str, Decided]) -> None:
    was, now = ({who: d.shown() for who, d in run.items()} for run in (old, new))
    rows = {
        (kind, who, was[who][kind], now[who][kind])
        for who in was.keys() & now.keys() for kind in changes.KINDS if was[who][kind] != now[who][kind]
    }  # fmt: skip
    assert told(found.rows) == rows
    count = {kind: [(b, a) for k, _, b, a in rows if k == kind] for kind in changes.KINDS}
    assert found.counts.rows() == [
        (kind, len(c), sum(b is None for b, _ in c), sum(a is None for _, a in c), sum(None not in pair for pair in c))
        for kind, c in count.items()
    ]
    both = was.keys() & now.keys()
    assert found.people == {"both": len(both), "gone": len(was.keys() - both), "new": len(now.keys() - both)}


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(story=STORIES)
def test_any_two_kept_runs_differ_as_a_plain_model_says(story):
    play(story)


BACK = [{"ann": Decided("ben", "pixel", "no_face", None, None, "ad1")},
        {"ann": Decided("cyd", "flip", "no_face", None, None, "ad2")}]  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "story"),
    [("history/close", BACK), ("trust/unname_decisions", [BACK[0], "ben", BACK[1]]), ("history/drop_runs", BACK * 3)],
)
def test_a_planted_fault_is_seen(monkeypatch, statement, story):
    from engine.warehouse.duckdb import DuckDBWarehouse

    play(story)
    real = DuckDBWarehouse.execute

    def skipped(self, name, /, **params):
        return None if name == statement else real(self, name, **params)

    monkeypatch.setattr(DuckDBWarehouse, "execute", skipped)
    with pytest.raises((AssertionError, InputError)):
        play(story)


@pytest.fixture
def space(tmp_path):
    """A workspace of three people's calls, run once."""
    made = engine.create(tmp_path / "w", run__today="2026-02-01")
    calls(made, tmp_path / "one.csv", "a,b,2026-01-01 10:00,60", "b,a,2026-01-02 11:00,30", "a,c,2026-01-02 12:00,5")
    engine.run(made)
    return made


def calls(space, path, *rows: str) -> None:
    path.write_text("\n".join(["caller,callee,started_at,duration_s", *rows]) + "\n")
    engine.import_logs(space, [path])


def test_an_import_a_setting_and_a_deletion_are_named_as_what_moved_it(space, tmp_path):
    with pytest.raises(InputError, match=r"no two runs.*Run once more"):
        engine.diff(space)
    more = [
        f"{a},{b},2026-01-{day:02} 0{hour}:00,600" for day in range(3, 9) for hour, (a, b) in enumerate(("ac", "ca"))
    ]
    calls(space, tmp_path / "two.csv", *more)
    engine.run(space)
    found = engine.diff(space)
    assert ("influencer", "a", "b", "c") in found.rows.rows()
    assert [c.what for c in found.causes] == ["imports of logs"] and found.causes[0].kinds == tuple(changes.KINDS)
    assert found.line.startswith("Since run 1: ") and found.line.endswith("changed (because of imports of logs).")
    assert engine.run(space)[0].status == "fresh" and engine.diff(space).after.number == 2
    engine.run(engine.open(space.path, graph__window_days=30, ads__format="png"))
    why = {c.what: c.kinds for c in engine.diff(space).causes}
    assert why == {"setting graph.window_days": tuple(changes.KINDS), "setting ads.format": ("ad",)}
    assert {c.what for c in engine.diff(space, 1).causes} == {"imports of logs", *why}
    erase.erase(space, ["c"])
    engine.run(space)
    found = engine.diff(space, 3, 4)
    assert "a deletion (erase)" in [c.what for c in found.causes]
    assert ("influencer", "a", "#", "b") in found.rows.rows()
    assert "c" not in engine.table(space, "decisions").select("customer_id", "contact_id").to_series(0).to_list()
    with pytest.raises(InputError, match=r"run 9 is not kept.*There are 1 \("):
        engine.diff(space, 9)
    with pytest.raises(InputError, match="compared with itself"):
        engine.diff(space, 4)


def test_the_commands_tell_it(space, tmp_path):
    calls(
        space, tmp_path / "two.csv", *[f"a,c,2026-01-{d:02} 09:00,600" for d in range(3, 9)], "c,a,2026-01-04 09:00,9"
    )
    call = lambda *words: CliRunner().invoke(app, [*words, "-w", str(space.path)])  # noqa: E731
    assert (
        "Since run 1: " in (done := call("run")).stderr
        and "(because of imports of logs). Details: `kindred diff`" in done.stderr
    )
    assert "Since run" not in call("run").stderr, "nothing ran"
    shown = call("diff")
    assert "imports of logs  influencer, offer, face, ad" in shown.stdout and "From run 1 (" in shown.stderr
    rows = call("diff", "-o", "csv", "--kind", "influencer").stdout.splitlines()
    assert rows[0] == "kind,customer_id,before,after" and "influencer,a,b,c" in rows
    told = json.loads(call("diff", "1", "2", "-o", "json").stdout)
    assert told["counts"][0]["kind"] == "influencer" and told["after"]["number"] == 2
    assert call("diff", "--kind", "price").exit_code == 1


def test_nothing_is_kept_where_nothing_is_to_be_kept_and_of_nobody_whom_only_it_knows(space, tmp_path):
    def known() -> set[str]:
        rows = engine.table(space, "decisions")
        return {name for column in ("customer_id", "contact_id") for name in rows[column].drop_nulls()}

    calls(space, tmp_path / "two.csv", "d,a,2026-01-20 09:00,600", "a,d,2026-01-21 09:00,600")
    engine.run(space)
    assert known() == {"a", "b", "c", "d"}
    erase.purge(space, datetime(2026, 1, 10).date())
    assert known() <= {"a", "d", "#"}
    engine.run(engine.open(space.path, run__keep=0))
    assert engine.table(space, "history").height == 0 == engine.table(space, "decisions").height
    with pytest.raises(InputError, match=r"run\.keep to 2"):
        changes.diff(engine.open(space.path, run__keep=0))
