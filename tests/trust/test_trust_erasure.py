"""Whoever is erased is in no row and in no byte; everybody else stays; a receipt says what, never whom."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

import engine
from engine import workspace
from engine.errors import InputError
from engine.tables import BOOKKEEPING, TABLES, polars_type
from engine.trust import audit, backups, forget, keys, objections
from engine.usecases import erase
from engine.warehouse.duckdb import DuckDBWarehouse
from engine.workspace import erasures

# Columns that name neither a person nor a party: whoever adds one decides here (or in engine/erase.py) what it is.
NOBODY = set(
    """
    source_id target path sha256 format details reason raw kind caller_tac callee_tac caller_device callee_device
    caller_cell callee_cell residence gender tac manufacturer model offer_id headline body call_to_action
    campaign_id photo_id attributes purpose gated_because definition segment_by segment model_id learner base
    metric parameter status arm flag ad_id alt_text enlarged run_id stage inputs_hash config_hash versions depends_on
    rows name value experiment_id plan hash cluster_id eligible_because who offer_version how cells call_id digest
    column_name detail act says policy_id stages ad why round faces_model model report face_arm
    """.split()  # noqa: SIM905 (words read better than fifty quotes)
)
GONE, STAYS = "PLANTEDGONE", "PLANTEDSTAYS"


def test_every_text_of_every_contract_is_known_to_name_a_person_or_not():
    for name, table in TABLES.items():
        for column in table.columns:
            if column.type in ("text", "u32"):
                known = column.name in {*forget.PERSONS, *forget.NODES} | NOBODY
                assert known, f"{name}.{column.name}: does erase have to look at it?"


def planted(person: str, node: int, other: tuple[str, int], table: str) -> pl.DataFrame:
    """One row of a contract table about `person`, every other text filled with something harmless."""
    row = {}
    for column in TABLES[table].columns:
        if column.name in ("caller", "src", "a", "node"):
            row[column.name] = node
        elif column.name in ("callee", "dst", "b"):
            row[column.name] = other[1]
        elif column.name in ("customer_id", "party_id"):
            row[column.name] = person
        elif column.name in ("contact_id", "subject_id"):
            row[column.name] = other[0]
        elif column.name == "sha256":
            row[column.name] = hashlib.sha256(person.encode()).hexdigest()
        elif column.name == "path":
            row[column.name] = f"photos/{person[-4:]}.jpg"
        elif column.name == "files":
            row[column.name] = [f"{person[-4:]}.jpg", "shared.jpg"]
        elif column.name == "ad_id":
            row[column.name] = f"ad of {node}"
        elif column.nullable:
            row[column.name] = None
        elif column.words:
            row[column.name] = column.words[0]
        else:
            empty = {"text": f"t{node}", "bool": False, "date": date(2026, 1, 1), "time": datetime(2026, 1, 1, node)}
            row[column.name] = empty.get(column.type, 0)
    schema = {c.name: polars_type(c.type) for c in TABLES[table].columns}
    return pl.DataFrame([row], schema=schema)


PEOPLE = (GONE, 1), (STAYS, 2), ("PLANTEDTHIRD", 3)


@pytest.fixture
def space(tmp_path, monkeypatch) -> workspace.Workspace:
    """A workspace in which three people stand in every table (each with the next one as contact), with files."""
    monkeypatch.setenv("KINDRED_KEYS", str(tmp_path / "keys"))
    asks_nobody = {"people__offers_need_consent": "no", "people__unknown_age_is_adult": True}
    asks_nobody["ids__pseudonymise"] = "none"
    made = workspace.create(tmp_path / "w", preset=asks_nobody)
    with made.writing("import logs", backup=True) as store:
        # Uncompressed, so that a search of the file's bytes can find what is there.
        store.connection.execute("SET force_compression = 'uncompressed'")
        for _, node in PEOPLE:
            store.append("offers", planted("", node, ("", 0), "offers"))
        store.temp("_offers_said", "ads/offers_said")
        said = dict(store.query_text("SELECT offer_id, offer_version FROM _offers_said").iter_rows())
        for place, (person, node) in enumerate(PEOPLE):
            for table in TABLES:
                if table not in (
                    "meta",
                    "runs",
                    "sources",
                    "devices",
                    "offers",
                    "loyalty",
                    "offer_metrics",
                    "inventory",
                    "optouts",
                    "objections",
                ):
                    row = planted(person, node, PEOPLE[(place + 1) % 3], table)
                    if table == "ads":
                        row = row.with_columns(offer_version=pl.lit(said[f"t{node}"]))
                    store.append(table, row.with_columns(purpose=pl.lit("own_face")) if table == "consents" else row)
        for name in ("GONE", "TAYS", "HIRD"):
            (made.faces / "photos").mkdir(exist_ok=True)
            (made.faces / "photos" / f"{name}.jpg").write_bytes(f"photo of {name}".encode())
            (made.ads / f"{name}.jpg").write_bytes(b"creative")
        (made.ads / "shared.jpg").write_bytes(b"creative")
        old = made.exports / "old"
        old.mkdir()
        (old / "manifest.json").write_text(json.dumps({"tables": {"ads": {}}, "who": GONE}))
        store.connection.execute("CHECKPOINT")
    return made


def everything(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def rows_naming(space: workspace.Workspace, person: str, node: int) -> dict[str, int]:
    found = {}
    with space.warehouse(read_only=True) as store:
        for name, table in TABLES.items():
            columns = [c for c in table.names if c in forget.PERSONS]
            nodes = [c for c in table.names if c in forget.NODES]
            test = [f"\"{c}\" = '{person}'" for c in columns] + [f'"{c}" = {node}' for c in nodes]
            if test:
                count = f'SELECT count(*) AS n FROM "{name}" WHERE {" OR ".join(test)}'  # noqa: S608
                found[name] = store.query_text(count)["n"][0]
    return found


def test_erased_means_in_no_row_and_in_no_byte(space):
    before = rows_naming(space, GONE, 1)
    assert {table for table, n in before.items() if not n} == {"optouts"} and len(before) > 15
    assert any(GONE.encode() in content for content in everything(space.path).values())
    done = erase.erase(space, [GONE])
    assert set(rows_naming(space, GONE, 1).values()) == {0}
    assert [name for name, content in everything(space.path).items() if GONE.encode() in content] == []
    assert any(STAYS.encode() in content for content in everything(space.path).values()), (
        "the search finds nothing at all"
    )
    assert done.subjects == 1 and done.unknown == 0 and done.rows["events"] == 2
    third = rows_naming(space, "PLANTEDTHIRD", 3)
    assert third["customers"] == 1 and third["events"] == 1, "the others stay"


def test_who_is_erased_stands_in_no_text_about_others(space):
    with space.writing("import customers") as store:
        store.connection.execute("ALTER TABLE customers ADD COLUMN referred_by VARCHAR")
        store.connection.execute("UPDATE customers SET referred_by = $name, residence = $name", {"name": f"by {GONE}"})
        store.ensure_columns("events", ["caller_cell"])
        store.connection.execute("UPDATE events SET caller_cell = $name", {"name": GONE})
    erase.erase(space, [GONE])
    with space.warehouse(read_only=True) as store:
        assert store.read("customers").select("referred_by", "residence").unique().rows() == [("by #", "by #")]
        assert store.read("events")["caller_cell"].unique().to_list() == ["#"]
    assert [name for name, content in everything(space.path).items() if GONE.encode() in content] == []


def test_files_go_only_when_nobody_else_needs_them(space):
    done = erase.erase(space, [GONE])
    assert done.files == {"photos": 1, "creatives": 2, "exports": 1, "pages": 0, "backups": 1}
    # The third person's ad showed a face chosen after the erased one's: gone too, and its creative with it.
    assert sorted(p.name for p in space.ads.iterdir()) == ["TAYS.jpg", "shared.jpg"]
    assert sorted(p.name for p in (space.faces / "photos").iterdir()) == ["HIRD.jpg", "TAYS.jpg"]
    assert list(space.exports.iterdir()) == []


def test_ads_already_handed_out_stay_known_without_the_person(space):
    erase.erase(space, [GONE])
    with space.warehouse(read_only=True) as store:
        rows = {r["ad_id"]: r for r in store.read("deliveries").to_dicts()}
    assert rows["ad of 1"]["customer_id"] is None and rows["ad of 1"]["erased"]
    assert rows["ad of 3"]["customer_id"] == "PLANTEDTHIRD" and rows["ad of 3"]["erased"]
    assert not rows["ad of 2"]["erased"]


def test_the_receipt_proves_without_naming(space):
    done = erase.erase(space, [GONE, "nobody"])
    told = json.loads(done.path.read_text())
    proof = hmac.new(keys.derived(space.key(), "receipt"), GONE.encode(), hashlib.sha256).hexdigest()
    assert told["proofs"] == [proof] and told["subjects"] == 1 and told["unknown"] == 1
    assert GONE not in done.path.read_text()
    assert done.path.stat().st_mode & 0o077 == 0
    assert audit.verify(space.path).whole and GONE not in (space.path / audit.LOG).read_text()


def test_the_only_backup_is_of_what_is_left(space):
    erase.erase(space, [GONE])
    [backup] = backups.listed(space.database)
    store = DuckDBWarehouse(backup.path, read_only=True)
    assert GONE not in store.read("customers")["customer_id"].to_list()
    store.close()


def test_nobody_of_that_id_changes_nothing(space):
    before = everything(space.path)["kindred.duckdb"]
    with pytest.raises(InputError, match="none of the 1 ids"):
        erase.erase(space, ["someone else"])
    with pytest.raises(InputError, match="no id is given"):
        erase.erase(space, ["  "])
    with space.warehouse(read_only=True) as store:
        assert store.count("customers") == 3 and store.count("sources") == 0
    assert len(before) == space.database.stat().st_size


@pytest.mark.parametrize("known", [GONE, "NEVERSEEN"])
def test_opting_out_keeps_a_hash_and_nothing_else(space, tmp_path, known):
    erase.erase(space, [known], opt_out=True)
    assert {t: n for t, n in rows_naming(space, known, 1).items() if n} == {} or known != GONE
    assert [n for n, content in everything(space.path).items() if known.encode() in content] == []
    assert (space.path / objections.FILE).stat().st_mode & 0o077 == 0
    people = tmp_path / "customers.csv"
    people.write_text(f"customer_id,age\n{known},40\nsomeone,41\n")
    summary = engine.import_table(space, "customers", people)
    assert summary.rows_rejected == 1 and summary.details == {"rejected_opted_out": 1}
    log = tmp_path / "log.csv"
    log.write_text(f"caller,callee,started_at,duration_s\n{known},someone,2026-01-05 10:00:00,60\n")
    engine.import_logs(space, [log])
    with space.warehouse(read_only=True) as store:
        [row] = store.read("parties").filter(pl.col("party_id") == known).to_dicts()
        assert row["opted_out"] and not row["is_customer"]
        assert not store.read("pair_days").filter(pl.col("src") == row["node"]).height


def test_an_opt_out_survives_erasing_purging_and_restoring(space, tmp_path):
    listed = tmp_path / "out.csv"
    listed.write_text(f"customer_id,since\n{GONE},2026-01-01\n")
    engine.import_table(space, "optouts", listed)
    left = {t: n for t, n in rows_naming(space, GONE, 1).items() if n}
    assert left == {"optouts": 1, "parties": 1, "events": 2, "repeats": 2, "deliveries": 2}
    space.restore()  # to the state before
    assert {t: n for t, n in rows_naming(space, GONE, 1).items() if n} == left
    space.restore("replaced")
    assert {t: n for t, n in rows_naming(space, GONE, 1).items() if n} == left
    erase.erase(space, [GONE])
    erase.purge(space, date(2027, 1, 1), everything=True)
    people = tmp_path / "customers.csv"
    people.write_text(f"customer_id,age\n{GONE},40\nsomeone,41\n")
    assert engine.import_table(space, "customers", people).rows_rejected == 1
    (space.path / objections.FILE).unlink()  # the database knows it too
    assert engine.import_table(space, "customers", people).rows_kept == 0
    assert (space.path / objections.FILE).exists()


def test_killed_after_the_rows_went_the_rest_is_done_next_time(space, monkeypatch):
    def killed(*_args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(erasures.backups, "drop", killed)
        with pytest.raises(KeyboardInterrupt):
            erase.erase(space, [GONE])
    assert any(GONE.encode() in content for content in everything(space.path).values())
    erase.erase(space, [STAYS])
    assert [n for n, content in everything(space.path).items() if GONE.encode() in content] == []


def test_every_stage_is_stale_afterwards(space):
    from engine.runner.freshness import Freshness
    from engine.stages import STAGES

    def inputs() -> set[tuple[str, str]]:
        with space.writing("run") as store:
            states = Freshness(store, space.config)
            return {(stage.name, states.fingerprint(stage).inputs_hash) for stage in STAGES}

    before = inputs()
    erase.erase(space, [GONE])
    assert not before & inputs()


def test_purge_forgets_what_is_old_and_whom_nothing_is_left_of(tmp_path):
    made = workspace.create(tmp_path / "w")
    with made.writing("import logs") as store:
        for place, (person, node) in enumerate(PEOPLE):
            for table in ("parties", "events", "pair_days"):
                row = planted(person, node, PEOPLE[(place + 1) % 3], table)
                day = date(2025 + (place > 0), 1, 1)
                dated = [pl.lit(day).alias("day")] if "day" in row.columns else []
                dated += [pl.lit(datetime(day.year, 1, 1)).alias("started_at")] if "started_at" in row.columns else []
                store.append(table, row.with_columns(dated))
        store.append("parties", planted("PLANTEDFOURTH", 9, PEOPLE[0], "parties"))
    kept = erase.purge(made, date(2026, 1, 1), keep_daily=True)
    assert kept.rows == {"events": 1, "parties": 1}
    gone = erase.purge(made, date(2026, 1, 1))
    assert gone.rows == {"pair_days": 1} and gone.what == "purge"
    with made.warehouse(read_only=True) as store:
        assert store.read("events")["caller"].to_list() == [2, 3]
        assert sorted(store.read("parties")["node"]) == [1, 2, 3]
    assert b"PLANTEDFOURTH" not in made.database.read_bytes()


def test_bookkeeping_is_not_exported():
    assert "deliveries" in BOOKKEEPING


def test_pages_below_the_workspace_that_name_people_go_and_others_stay(space):
    from engine.report import data_page
    from engine.usecases import data_report

    place = space.path / "pages"
    place.mkdir()
    data_report.report(space, place / "data.html", json_to=place / "data.json")
    public = {**json.loads((place / "data.json").read_text()), "mode": "public"}
    (place / "public.html").write_text(data_page.page(public))
    for name in ("mine.html", "mine.json"):
        (place / name).write_text('{"mode": "mine"}')
    assert erase.erase(space, [GONE]).files["pages"] == 2
    assert sorted(p.name for p in place.iterdir()) == ["mine.html", "mine.json", "public.html"]


def test_exports_anywhere_below_the_workspace_go_and_what_lies_beside_their_files_stays(space):
    from engine.export import export
    from engine.trust import folder

    for place in ("out/spring", "exports/old2", "bare"):
        export(space, "devices" if place == "bare" else "customers", space.path / place, "csv")
    outside = space.path.parent / "outside.txt"
    for path in (outside, space.path / "out" / "spring" / "mine.txt", space.path / "mine" / "manifest.json"):
        path.parent.mkdir(exist_ok=True)
        path.write_text('{"schema": "mine"}')
    forged = space.path / "forged"
    forged.mkdir()
    document = {"schema": folder.SCHEMA, "tables": {"customers": {}}, "files": [{"path": "../../outside.txt"}]}
    (forged / "manifest.json").write_text(json.dumps(document))
    (space.path / "out" / ".killed.part").mkdir()
    (space.path / "out" / ".killed.part" / "customers.csv").write_text(GONE)
    (space.path / "out" / ".killed.lock").touch()
    erase.erase(space, [GONE])
    assert sorted(p.name for p in (space.path / "out").rglob("*")) == [".killed.lock", "mine.txt", "spring"]
    assert outside.exists() and (space.path / "mine" / "manifest.json").exists()
    assert (space.path / "bare" / "_SUCCESS").exists(), "devices name nobody"
