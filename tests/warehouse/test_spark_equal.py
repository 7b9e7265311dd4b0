"""Both engines give the same: import, cleaning, stages, and statement by statement."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from datetime import date, datetime

import polars as pl
import pytest

from engine.warehouse import sql_folder, sql_text
from tests.warehouse.compare import same, same_tables
from tests.warehouse.conftest import ABSENT, opened

pytestmark = pytest.mark.spark


def test_every_table_is_the_same(both):
    rows = same_tables(*both)
    for table in ("events", "pair_days", "rejects", "edges", "hubs", "ties", "influencers", "handsets", "features"):
        assert rows[table] > 0, table


def test_what_the_import_reports_is_the_same(both):
    lines = []
    for space in both:
        with space.warehouse(read_only=True) as store:
            lines.append(store.read("sources").drop("imported_at").sort("source_id"))
    assert lines[0].equals(lines[1])


DIRT = b"""caller,callee,started_at,duration_s,kind,answered,caller_imei,caller_cell
+36301112233,+36301112244,2026-03-01 10:00:00,60,call,1,356938035643809,c1
+36301112244,+36301112233,2026-03-01 10:00:12,61,call,1,356938035643817,c2
+36301112233,+36301112244,2026-03-01 10:00:00,60,call,1,,
+36301112233,+36301112244,2026-03-01 10:00:00,60,call,1,,
0036301112233,+36301112255,2026-03-01T11:00:00Z,0,call,0,,
+36301112233,+36301112255,2026-03-01 12:00:00+02:00,,text,,,
"+36301112233","+36301112266",2026-03-02 08:00:00,3,call,1,,"a, ""b"" c"
+36301112233,+36301112233,2026-03-02 08:00:00,3,call,1,,
+36301112233,,2026-03-02 08:00:00,3,call,1,,
+36301112233,12,2026-03-02 08:00:00,3,call,1,,
+36301112233,+36301112277,yesterday,3,call,1,,
+36301112233,+36301112277,1970-01-01 00:00:00,3,call,1,,
+36301112233,+36301112277,2026-03-02 09:00:00,-7,call,1,,
+36301112233,+36301112277,2026-03-02 09:00:00,many,call,1,,
+36301112233,+36301112277,2026-03-02 09:00:00,5,fax,1,,
+36301112233,+36301112277,2026-03-02 09:00:00
+36301112233,+3630\xff1112277,2026-03-02 09:00:00,5,call,1,,

j\xc3\xa1nos@example.org,J\xc3\xa1nos@Example.org ,2026-03-02 09:00:00,5,call,1,,
+36301112233,+36301112288,2026-03-02 09:00:00.25,5.5,call,1,35693803564380,
+36301112288,+36301112233,2026-03-02 09:00:03,5,call,1,,
+36301112233,+36301112288,2026-03-02 09:00:40,6,call,1,,
+36301112233,,2026-03-02 10:00:00,0,data,,,
+36301112233,,2026-03-02 10:00:00,0,data,,,"""
SECOND = b"""caller,callee,started_at,duration_s,kind,answered,caller_imei,caller_cell
+36301112244,+36301112233,2026-03-01 09:59:50,60,call,1,356938035643825,c7
+36301112233,+36301112266,2026-03-02 08:00:00,3,call,1,356938035643809,c8
+36301112299,+36301112266,2026-03-05 08:00:00,3,call,1,,
"""


def test_planted_dirt_in_two_files_that_overlap(tmp_path):
    import engine

    spaces = [engine.create(tmp_path / "duckdb")]
    # A copy has the same key: both know people by the same names.
    shutil.copytree(tmp_path / "duckdb", tmp_path / "spark")
    spaces.append(engine.open(tmp_path / "spark"))
    for name, dirt in (("first.csv", DIRT), ("second.csv", SECOND)):
        (tmp_path / name).write_bytes(dirt)
    lines = []
    for made in spaces:
        space = opened(made.path, made.path.name)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("engine.logs.pieces.SIZE", 400)
            done = [engine.import_logs(space, [tmp_path / f"{name}.csv"])[0] for name in ("first", "second", "first")]
        lines.append(done)
    for one, other in zip(*lines, strict=True):
        assert one == other
    assert lines[0][0].rows_rejected >= 9
    assert lines[0][0].details["second_legs"] >= 2
    assert lines[0][1].rows_duplicate >= 1
    rows = same_tables(*(opened(made.path, made.path.name) for made in spaces))
    assert rows["rejects"] >= 9


@pytest.mark.real
def test_copenhagen(real_data, tmp_path):
    import engine

    made = engine.create(tmp_path / "duckdb", ids__pseudonymise="none")
    shutil.copytree(made.path, tmp_path / "spark")
    spaces = [opened(tmp_path / name, name) for name in ("duckdb", "spark")]
    for space in spaces:
        files = [real_data / "copenhagen" / name for name in ("calls.csv", "sms.csv")]
        engine.import_logs(space, files, format="copenhagen", options={"epoch": date(2014, 2, 24)})
        engine.run(space, until="influencers")
    rows = same_tables(*spaces)
    assert rows["events"] > 27_000
    assert rows["influencers"] > 500


def test_a_question_about_another_window_changes_nothing_and_reads_the_same(both):
    from engine.usecases import influence

    before = [_small(space) for space in both]
    answers = [influence.influencers(space, settings={"window_days": 30}) for space in both]
    same(*answers, "influencers of 30 days")
    assert [_small(space) for space in both] == before


def _small(space) -> list[tuple]:
    with space.warehouse(read_only=True) as store:
        return [(store.read("graph_window").rows()), store.count("edges"), store.count("ties")]


# ---- statement by statement ------------------------------------------------------------------------------------------

AS_OF, SINCE = date(2025, 6, 1), date(2025, 3, 3)
EARLIER = {"was_as_of": date(2025, 5, 25), "was_since": date(2025, 2, 24)}
VALUES = {
    "as_of": AS_OF, "since": SINCE, **EARLIER, "before": AS_OF, "until": AS_OF, "half_life_days": 30.0,
    "window_days": 90, "min_active_days": 2, "contacts_per_month": 60, "degree_quantile": 0.99, "mutual_share": 0.05,
    "change_days": 7, "change_events": 3, "damping": 0.85, "gamma": 0.25, "top": 2, "limit": 7, "seed": 7, "adult": 18,
    "purpose": "traffic_data_marketing", "day": AS_OF, "moment": datetime(2025, 6, 1, 12), "definition": "tie_reach",
    "unknown_is_adult": True, "unknown_offers": True, "need_consent": False,
    "only_customers": False,
    "parts": 4, "part": 1, "experiment_id": "spring", "metric": "bought", "positive": True, "horizon_days": 30,
    "ranks": 3, "share": 0.5, "persons": True, "community": 1, "most": 4, "edge_days": 14, "early_days": 7,
    "late_days": 45, "common": 3,
}  # fmt: skip
# Temporary tables of small ones, and of large ones, in the order in which they need each other.
SMALL = {
    "_ages": "trust/ages", "_ages_then": "trust/ages", "_consented": "trust/consented", "_standing": "trust/standing",
}  # fmt: skip
TEMPS = {
    "both_days": "graph/both_days",
    "pairs": "graph/pairs",
    "same_handset": "graph/same_handset",
    "rated": "graph/rated",
    "edges_next": "graph/edges_update",
    "person_devices": "graph/person_devices",
    "person_contacts": "graph/person_contacts",
    "person_candidates": "graph/person_candidates",
    "handset_days": "offers/handset_days",
    "spells": "offers/spells",
    "changes": "graph/changes",
    "allowed_ties": "graph/counted_ties",
    "rank_people": "graph/rank_people",
    "rank_edges": "graph/rank_edges",
    "ranks": "graph/rank_start",
    "first_acts": "report/experiment_first_acts",
    "experiment_known": "report/experiment_known",
    "_lenders": "faces/lenders",
}
# Read by the import alone (which is compared above), or tables that one connection's importer hands over.
OTHERS = (
    "trust/named_ids", "trust/national_ids", "trust/national_ids_read", "trust/party_ids", "trust/raw_ids",
    "trust/strangers",
)  # fmt: skip


def _statements() -> list[str]:
    """Every query outside sql/logs that reads a large table, or a temporary one that is made of large ones."""
    if ABSENT:
        return []
    from engine.warehouse.catalogue import LARGE
    from engine.warehouse.dialect import translated

    found = []
    for path in sorted(sql_folder().rglob("*.sql")):
        name = path.relative_to(sql_folder()).with_suffix("").as_posix()
        known = translated(sql_text(name))
        if not name.startswith("logs/") and known.kind == "select" and known.reads & {*LARGE, *TEMPS}:
            found.append(name)
    return [name for name in found if name not in OTHERS]


@pytest.fixture(scope="module")
def stores(both):
    """Both warehouses with the same temporary tables, and values for every parameter."""
    from engine.warehouse.dialect import translated

    with ExitStack() as stack:
        opened = [stack.enter_context(space.warehouse(read_only=True)) for space in both]
        nodes = opened[0].read("nodes")
        someone = nodes.filter(pl.col("pagerank").is_not_null()).row(0, named=True)
        some = nodes["node"].to_list()[:40]
        values = VALUES | {
            "nodes": some, "egos": some[:3], "communities": nodes["community"].drop_nulls().unique().sort().to_list(),
            "node": someone["node"], "customer_id": someone["party_id"], "who": someone["party_id"],
            "names": [someone["party_id"], "nobody"], "people": nodes["party_id"].to_list()[:200],
            "person": someone["party_id"],
        }  # fmt: skip
        for name, statement in {**SMALL, **TEMPS}.items():
            wanted = {key: values[key] for key in translated(sql_text(statement)).parameters}
            for store in opened:
                store.temp(name, statement, **wanted)
        listed = _listed(opened[0], values["definition"])
        for store in opened:
            store.keep("_people", listed)
        yield opened, values


def _listed(store, definition: str) -> pl.DataFrame:
    """Customers as the web application lists them, as far as its statements read them."""
    first = store.read("influencers").filter((pl.col("definition") == definition) & (pl.col("rank") == 1))
    last = store.read("handsets").sort("spell").group_by("customer_id").agg(pl.col("manufacturer").last())
    people = store.read("parties").filter("is_customer").select(pl.col("party_id").alias("customer_id"))
    for more in (first.select("customer_id", "contact_id"), last):
        people = people.join(more, on="customer_id", how="left")
    return people.sort("customer_id")


@pytest.mark.parametrize("statement", _statements())
def test_every_statement_gives_the_same(stores, statement):
    from engine.warehouse.dialect import translated

    (one, other), values = stores
    params = {key: values[key] for key in translated(sql_text(statement)).parameters}
    a, b = one.query(statement, **params), other.query(statement, **params)
    if "ORDER BY" not in sql_text(statement).rpartition(")")[2]:
        exact = [name for name, kind in a.schema.items() if not kind.is_float()]
        a, b = a.sort(exact), b.sort(exact)
    same(a, b, f"sql/{statement}.sql")
