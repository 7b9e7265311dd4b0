"""What stays when an import is taken back, and what does not come back; readings that replace others; trials.

That all else is as if the file had never come: test_trust_undo_drawn.py, tests/logs/test_logs_undo.py.
"""

from __future__ import annotations

import json
from datetime import date, datetime

import polars as pl
import pytest

from engine import workspace
from engine.errors import InputError
from engine.intake.importer import import_table
from engine.usecases import erase, imports
from tests.trust.photo import jpeg
from tests.trust.undone import bring, calls, held, photos, rows, text


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("KINDRED_KEY", "5a" * 32)
    monkeypatch.setenv("KINDRED_RUN_TODAY", "2026-03-01")


@pytest.fixture
def space(tmp_path):
    return workspace.create(tmp_path / "w")


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
    did = ("customer_id,act,at", "c01,quit,2026-01-03", "c02,quit,2026-01-01", "c03,quit,2026-01-04")
    bring(space, "acts", text(tmp_path, "e.csv", *did))
    late = bring(space, "acts", text(tmp_path, "f.csv", did[0], "c03,quit,2026-01-05", "c02,quit,2026-01-01"))
    erase.erase(space, ["c01"])
    erase.purge(space, date(2026, 1, 2))
    imports.undo(space, [more.source_id, new.source_id, extra.source_id, late.source_id])
    names = dict(rows(space, "parties").select("node", "party_id").iter_rows())
    left = [
        (names[a], names[b], str(at)) for a, b, at in rows(space, "events")["caller", "callee", "started_at"].rows()
    ]
    assert left == [("c03", "c02", "2026-01-02 10:00:00")]
    assert rows(space, "treatments")["customer_id", "campaign_id"].rows() == [("c03", "c")]
    assert rows(space, "acts").rows() == [("c03", "quit", datetime(2026, 1, 4))]
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
    with pytest.raises(InputError, match="all of them would be deleted"):
        erase.purge(space, date(2026, 2, 1))
    with pytest.raises(InputError, match="names a day in the future"):
        erase.purge(space, date(2999, 1, 1), dry_run=True)
    tried = erase.purge(space, date(2026, 2, 1), everything=True, dry_run=True)
    told = erase.erase(space, ["c01"], dry_run=True)
    assert (tried.path, told.path, told.subjects) == (None, None, 1)
    assert held(space) == before
    assert not (space.path / "receipts").exists()
    looks = [json.loads(line)["command"] for line in (space.path / "audit.jsonl").read_text().splitlines()]
    assert {"purge --dry-run", "erase --dry-run"} <= set(looks)
    assert tried.rows == erase.purge(space, date(2026, 2, 1), everything=True).rows
