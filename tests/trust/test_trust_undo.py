"""Imports taken back in a whole workspace: `export all` is what a workspace gives that never saw them.

Not so, on purpose: who opted out or withdrew a consent, who was erased and what was purged.
"""

from __future__ import annotations

import json
import random
import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import engine
from engine import workspace
from engine.errors import InputError
from engine.intake.importer import import_table
from engine.logs.importer import import_logs
from engine.tables import BOOKKEEPING, TABLES
from engine.usecases import erase, imports
from tests.trust.photo import jpeg

PEOPLE = [f"+3620555{n:04d}" for n in range(9)]
DAYS = ["2026-01-04", "2026-01-05", "2026-02-20"]
WORDS = ["red", "blue", "7", "12.5", ""]
NODES = ("node", "caller", "callee", "src", "dst", "a", "b")
KINDS = ("logs", "logs", "customers", "treatments", "offers", "photos", "inventory", "consents", "devices")


def make(folder: Path, kind: str, seed: int) -> Path:
    """A small import file by its seed: some of the people, some of the columns."""
    chance = random.Random(seed)
    who = chance.sample(PEOPLE, chance.randint(2, 6))
    folder.mkdir(parents=True)
    path = folder / f"{kind}{seed}.csv"
    day = lambda: f"{chance.choice(DAYS)} {chance.choice(['10:00:00', '10:00:05', '23:59:58'])}"  # noqa: E731
    if kind == "logs":
        lines = ["caller,callee,started_at,duration_s,caller_tac"]
        for _ in range(12):
            a, b = chance.sample(PEOPLE[:5], 2)
            lines.append(f"{a},{b},{day()},{chance.choice([0, 60, 62])},{chance.choice(['', '35000001', '35000002'])}")
    elif kind == "customers":
        more = chance.sample(["age", "residence", "plan", "income"], chance.randint(0, 4))
        value = {"age": lambda: str(chance.randint(15, 60)), "income": lambda: chance.choice(["", "1.5", "20"])}
        lines = [",".join(["customer_id", *more])]
        lines += [",".join([p, *(value.get(c, lambda: chance.choice(WORDS))() for c in more)]) for p in who]
    elif kind == "treatments":
        more = chance.sample(["offer_id", "propensity", "accepted"], chance.randint(0, 3))
        value = {"offer_id": ["", "o1"], "propensity": ["0.5", ""], "accepted": ["true", "false", ""]}
        lines = [",".join(["customer_id,campaign_id,sent_at", *more])]
        lines += [",".join([p, chance.choice("cd"), day(), *(chance.choice(value[c]) for c in more)]) for p in who]
    elif kind == "offers":
        more = chance.sample(["manufacturer", "min_age", "valid_to"], chance.randint(0, 3))
        value = {"manufacturer": ["Acme", ""], "min_age": ["18", ""], "valid_to": ["2026-12-31", ""]}
        lines = [",".join(["offer_id,headline,body,call_to_action,value,cost", *more])]
        for offer in chance.sample(["o1", "o2", "o3"], 2):
            lines.append(",".join([offer, "h", "b", "c", chance.choice(["1", "2.5"]), "0",
                                   *(chance.choice(value[c]) for c in more)]))  # fmt: skip
    elif kind in ("photos", "inventory"):
        lines = [f"{'customer_id' if kind == 'photos' else 'photo_id'},path"]
        for number in range(3):
            (folder / f"{number}.jpg").write_bytes(jpeg(chance.randrange(4), (32, 32)))
            lines.append(f"{who[number % len(who)] if kind == 'photos' else f'm{chance.randrange(3)}'},{number}.jpg")
    elif kind == "consents":
        lines = ["customer_id,purpose,granted_at"]
        lines += [f"{p},{chance.choice(['offers', 'own_face'])},{day()}" for p in who]
    else:
        lines = ["tac,manufacturer,model"]
        lines += [f"3500000{n},{chance.choice(['Acme', 'Nokia'])},m{chance.randrange(3)}" for n in (1, 2)]
    path.write_text("\n".join(lines) + "\n")
    return path


def bring(space, kind: str, path: Path):
    with space.writing(f"import {kind}") as store:
        if kind == "logs":
            return import_logs(store, [path], config=space.config, key=space.key())[0]
        return import_table(store, kind, path, faces_folder=space.faces, config=space.config, key=space.key())


def held(space) -> dict[str, list[str]]:
    """Every table of `export all`, people for nodes."""
    found = {}
    with space.warehouse(read_only=True) as store:
        names = dict(store.read("parties").select("node", "party_id").iter_rows())
        for table in TABLES:
            if table in BOOKKEEPING:
                continue
            lines = store.read(table).to_dicts()
            for line in lines:
                for column in NODES:
                    if line.get(column) is not None:
                        line[column] = names[line[column]]
                if table == "ties":
                    line["a"], line["b"] = sorted((line["a"], line["b"]))
            if table == "nodes":  # communities are numbered as they are found: each is called by its first member
                named = sorted(lines, key=lambda node: node["party_id"], reverse=True)
                first = {node["community"]: node["party_id"] for node in named}
                lines = [{**line, "community": first[line["community"]]} for line in lines]
            found[table] = sorted(map(repr, lines))
    return found


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("KINDRED_KEY", "5a" * 32)
    monkeypatch.setenv("KINDRED_RUN_TODAY", "2026-03-01")


def photos(space) -> set[str]:
    return {path.name for path in space.faces.rglob("*") if path.is_file()}


def same(space, other) -> None:
    found, wanted = held(space), held(other)
    for table in wanted:
        assert found[table] == wanted[table], table
    assert photos(space) == photos(other)


@settings(max_examples=6, deadline=None, derandomize=True, phases=[Phase.generate],
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(
    st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 10**6)), min_size=3, max_size=6, unique=True), st.data()
)
def test_what_is_left_is_what_the_other_imports_give(tmp_path_factory, drawn, data):
    gone = data.draw(st.sets(st.integers(0, len(drawn) - 1), min_size=1, max_size=3))
    folder = tmp_path_factory.mktemp("undo")
    compare(folder, drawn, gone)


def compare(folder: Path, drawn: list[tuple[str, int]], gone: set[int]) -> None:
    paths = [make(folder / str(place), kind, seed) for place, (kind, seed) in enumerate(drawn)]
    space, other = workspace.create(folder / "w"), workspace.create(folder / "o")
    done = [bring(space, kind, path) for (kind, _), path in zip(drawn, paths, strict=True)]
    told = imports.undo(space, [done[place].source_id for place in sorted(gone)], dry_run=True)
    before = held(space)
    again = imports.undo(space, [done[place].source_id for place in sorted(gone)])
    assert (told.rows, told.files, told.done, again.done) == (again.rows, again.files, False, True)
    for place, path in enumerate(paths):
        if place not in gone:
            bring(other, drawn[place][0], path)
    same(space, other)
    assert space.config.people == other.config.people
    assert any(before[table] != rows for table, rows in held(space).items()) or not told.rows.keys() & {*before}


@pytest.fixture
def space(tmp_path):
    return workspace.create(tmp_path / "w")


def text(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n")
    return path


def calls(folder: Path, name: str, *rows: str) -> Path:
    return text(folder, name, "caller,callee,started_at,duration_s", *rows)


def rows(space, table: str) -> pl.DataFrame:
    with space.warehouse(read_only=True) as store:
        return store.read(table)


def test_a_photo_of_two_people_goes_with_the_second(space, tmp_path):
    (tmp_path / "p.jpg").write_bytes(jpeg(1))
    c01 = bring(space, "photos", text(tmp_path, "a.csv", "customer_id,path", "c01,p.jpg"))
    c02 = bring(space, "photos", text(tmp_path, "b.csv", "customer_id,path", "c02,p.jpg"))
    assert len(photos(space)) == 1
    imports.undo(space, [c01.source_id])
    assert rows(space, "photos")["customer_id"].to_list() == ["c02"]
    assert len(photos(space)) == 1
    imports.undo(space, [c02.source_id[:6]])
    assert photos(space) == set()


def test_everybody_who_calls_is_a_customer_again(space, tmp_path):
    bring(space, "logs", calls(tmp_path, "l.csv", "c01,c02,2026-01-01 10:00:00,60"))
    done = bring(space, "customers", text(tmp_path, "c.csv", "customer_id", "c01"))
    assert rows(space, "parties")["is_customer"].sum() == 1
    imports.undo(space, [done.source_id])
    assert rows(space, "parties")["is_customer"].sum() == 2
    assert rows(space, "customers").is_empty()


def test_objections_stay(space, tmp_path):
    bring(space, "customers", text(tmp_path, "c.csv", "customer_id,age", "c01,40", "c02,41", "c03,42"))
    out = bring(space, "optouts", text(tmp_path, "o.csv", "customer_id,since", "c01,2026-01-01"))
    lines = ("c02,offers,2026-01-01,", "c02,offers,2026-01-01,2026-02-01", "c03,offers,2026-01-01,")
    said = bring(space, "consents", text(tmp_path, "k.csv", "customer_id,purpose,granted_at,withdrawn_at", *lines))
    done = imports.undo(space, [out.source_id, said.source_id])
    assert len(done.stays) == 2
    assert rows(space, "optouts")["customer_id"].to_list() == ["c01"]
    left = rows(space, "consents").to_dicts()
    assert [(line["customer_id"], line["granted_at"], str(line["withdrawn_at"])) for line in left] == [
        ("c02", None, "2026-02-01 00:00:00")
    ]
    again = bring(space, "customers", text(tmp_path, "d.csv", "customer_id,age", "c01,40"))
    assert again.rows_rejected == 1
    assert space.config.people.offers_need_consent == "yes"


def test_where_no_consents_are_left_offers_need_none(space, tmp_path):
    done = bring(space, "consents", text(tmp_path, "k.csv", "customer_id,purpose,granted_at", "c02,offers,2026-01-01"))
    assert workspace.open_(space.path).config.people.offers_need_consent == "yes"
    imports.undo(space, [done.source_id])
    assert workspace.open_(space.path).config.people.offers_need_consent == "auto"


def test_erased_people_and_purged_rows_do_not_come_back(space, tmp_path):
    for number, day in enumerate(("2026-01-01", "2026-01-02")):
        log = calls(tmp_path, f"l{number}.csv", f"c01,c02,{day} 10:00:00,60", f"c03,c02,{day} 10:00:00,60")
        bring(space, "logs", log)
    more = bring(
        space,
        "logs",
        calls(tmp_path, "m.csv", "c02,c01,2026-01-01 10:00:02,60", "c03,c02,2026-01-03 01:00:00,9"),
    )
    old = ("customer_id,campaign_id,sent_at", "c01,c,2026-01-01", "c02,c,2026-01-01", "c03,c,2026-01-03")
    bring(space, "treatments", text(tmp_path, "t.csv", *old))
    head = "customer_id,campaign_id,sent_at,accepted"
    new = bring(space, "treatments", text(tmp_path, "u.csv", head, "c03,c,2026-01-04,true", "c02,d,2026-01-04,true"))
    bring(space, "customers", text(tmp_path, "c.csv", "customer_id,headof", "c03,c01", "c02,x17"))
    extra = bring(space, "customers", text(tmp_path, "d.csv", "customer_id,age", "c03,33"))
    erase.erase(space, ["c01"])
    erase.purge(space, date(2026, 1, 2))
    imports.undo(space, [more.source_id, new.source_id, extra.source_id])
    names = dict(rows(space, "parties").select("node", "party_id").iter_rows())
    left = [
        (names[a], names[b], str(at)) for a, b, at in rows(space, "events")["caller", "callee", "started_at"].rows()
    ]
    assert left == [("c03", "c02", "2026-01-02 10:00:00")]
    assert rows(space, "treatments")["customer_id", "campaign_id"].rows() == [("c03", "c")]
    assert rows(space, "pair_days").height == 1
    assert dict(rows(space, "customers")["customer_id", "headof"].iter_rows()) == {"c03": "#", "c02": "x17"}
    assert "c01" not in str(rows(space, "readings").rows())


def test_daily_sums_that_were_kept_cannot_be_told_apart(space, tmp_path):
    first = bring(
        space, "logs", calls(tmp_path, "a.csv", "c01,c02,2026-01-01 10:00:00,60", "c01,c02,2026-01-05 1:00,9")
    )
    erase.purge(space, date(2026, 1, 3), keep_daily=True)
    later = bring(space, "logs", calls(tmp_path, "b.csv", "c02,c01,2026-01-01 12:00:00,60"))
    with pytest.raises(InputError, match="keep-daily"):
        imports.undo(space, [first.source_id])
    imports.undo(space, [later.source_id])
    assert rows(space, "pair_days")["n_calls"].to_list() == [1, 1]
    erase.purge(space, date(2026, 1, 3))
    imports.undo(space, [first.source_id])
    assert rows(space, "pair_days").is_empty()
    assert rows(space, "parties").is_empty()


def test_another_reading_of_the_same_content_replaces_the_earlier_one(space, tmp_path):
    log = calls(tmp_path, "a.csv", "06205550001,c02,2026-01-01 10:00:00,60", "c02,c04,2026-01-01 11:00:00,60")
    customers = text(tmp_path, "c.csv", "customer_id,email", "06205550001,a@example.org")
    bring(space, "logs", log)
    bring(space, "customers", customers)
    assert imports.other_names(space) == ""
    changed = workspace.open_(space.path, flags={"ids.region": "HU"})
    told = imports.other_names(changed)
    assert "`kindred import logs a.csv`" in told and "`kindred import customers c.csv`" in told
    again = bring(changed, "logs", log)
    assert again.replaces.endswith("by generic: 2 rows out, 2 rows in")
    assert "import logs" not in imports.other_names(changed)
    assert bring(changed, "customers", customers).replaces
    assert imports.other_names(changed) == ""
    assert rows(space, "events").height == 2
    assert rows(space, "parties").filter(pl.col("party_id") == "06205550001").is_empty()
    assert rows(space, "customers").height == 1
    seen = bring(changed, "logs", log)
    assert seen.details == {"file_seen_before": 2}
    assert [line["undo"] for line in imports.listed(space)] == ["yes", "yes"]


def test_a_reading_that_fails_leaves_the_earlier_one(space, tmp_path):
    path = text(tmp_path, "c.csv", "customer_id,age", "c01,soon", "c02,31")
    bring(space, "customers", path)
    before = held(space)
    with pytest.raises(InputError), space.writing("import customers") as store:
        import_table(store, "customers", path, faces_folder=space.faces, config=space.config, key=space.key(),
                     keep=["nosuch"])  # fmt: skip
    assert held(space) == before


def test_what_an_older_kindred_brought_is_said_and_stays(space, tmp_path):
    old = bring(
        space,
        "logs",
        calls(tmp_path, "a.csv", "c01,c02,2026-01-01 10:00:05,60", "c01,c03,2026-01-01 10:00:05,0"),
    )
    bring(space, "customers", text(tmp_path, "c.csv", "customer_id,age,plan", "c01,40,x", "c02,41,y"))
    with space.writing("older") as store:
        store.execute_text("DELETE FROM readings")
        store.execute_text("DELETE FROM repeats")
        store.execute_text("UPDATE sources SET number = NULL, how = NULL")
    before = held(space)
    with pytest.raises(InputError, match="older Kindred"):
        imports.undo(space, [old.source_id])
    more = bring(
        space,
        "logs",
        calls(tmp_path, "b.csv", "c02,c01,2026-01-01 10:00:01,61", "c01,c03,2026-01-01 10:00:05,0"),
    )
    other = bring(space, "customers", text(tmp_path, "d.csv", "customer_id,age,town", "c01,50,z", "c03,9,q"))
    assert held(space) != before
    imports.undo(space, [more.source_id, other.source_id])
    assert held(space) == before
    assert bring(space, "customers", tmp_path / "c.csv").details == {"file_seen_before": 2}


def test_what_purge_and_erase_would_do(space, tmp_path):
    bring(space, "logs", calls(tmp_path, "a.csv", "c01,c02,2026-01-01 10:00:00,60"))
    before = held(space)
    with pytest.raises(InputError, match="all of them would go"):
        erase.purge(space, date(2026, 2, 1))
    with pytest.raises(InputError, match="still to come"):
        erase.purge(space, date(2999, 1, 1), dry_run=True)
    tried = erase.purge(space, date(2026, 2, 1), everything=True, dry_run=True)
    told = erase.erase(space, ["c01"], dry_run=True)
    assert (tried.path, told.path, told.subjects) == (None, None, 1)
    assert held(space) == before
    assert not (space.path / "receipts").exists()
    looks = [json.loads(line)["command"] for line in (space.path / "audit.jsonl").read_text().splitlines()]
    assert {"purge --dry-run", "erase --dry-run"} <= set(looks)
    assert tried.rows == erase.purge(space, date(2026, 2, 1), everything=True).rows


def test_stages_compute_what_they_compute_without_the_file(tmp_path):
    town = tmp_path / "town"
    from engine.synth import town as synth

    synth.write(town, customers=60, photos=0, seed=3)
    header, *lines = (town / "logs" / "calls.csv").read_text().splitlines()
    parts = [text(tmp_path, f"{n}.csv", header, *lines[n::3], *lines[:: 7 + n]) for n in range(3)]
    extra = text(tmp_path, "extra.csv", "customer_id,age", *(f"{line.split(',')[0]},30" for line in lines[:5]))
    told = []
    for name in ("w", "o"):
        space = workspace.create(tmp_path / name)
        for target in ("customers", "devices", "offers"):
            bring(space, target, town / f"{target}.csv")
        gone = []
        for part in parts:
            if name == "w" or part != parts[0]:
                done = bring(space, "logs", part)
                gone += [done.source_id] if part == parts[0] else []
        if name == "w":
            gone.append(bring(space, "customers", extra).source_id)
            engine.run(space, until="handsets")
            imports.undo(space, gone)
        engine.run(space, until="handsets")
        told.append(space)
    same(*told)
    shutil.rmtree(town)
