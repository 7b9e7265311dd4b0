"""Checks of the data: silent where nothing is wrong, each found where its fault is planted; previews; the page."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import engine
from cli.main import app
from engine.config_file import load
from engine.sources import health
from engine.warehouse.duckdb import DuckDBWarehouse

PEOPLE = [f"p{number}" for number in range(60)]
FIRST = date(2026, 3, 1)


def frames() -> dict[str, pl.DataFrame]:
    """A workspace's tables in which nothing is wrong: 60 customers, 10 days, an offer with a control group."""
    ring = [(a, (a + step) % 60, day) for day in range(10) for a in range(60) for step in (1, 2)]
    return {
        "parties": pl.DataFrame({
            "node": pl.Series(range(60), dtype=pl.UInt32), "party_id": PEOPLE, "is_customer": True, "opted_out": False,
        }),
        "pair_days": pl.DataFrame({
            "src": pl.Series([a for a, _, _ in ring], dtype=pl.UInt32),
            "dst": pl.Series([b for _, b, _ in ring], dtype=pl.UInt32),
            "day": [FIRST + timedelta(days=d) for _, _, d in ring],
            "n_calls": 1, "talk_s": 60, "n_texts": 0,
        }),
        "customers": pl.DataFrame({"customer_id": PEOPLE, "age": pl.Series([30] * 60, dtype=pl.Int32)}),
        "photos": pl.DataFrame({"customer_id": PEOPLE[:9], "sha256": [f"{n}" for n in range(9)], "path": "x"}),
        "offers": pl.DataFrame({
            "offer_id": ["a"], "headline": ["h"], "body": ["b"], "call_to_action": ["c"], "value": [1.0], "cost": [0.0],
        }),
        "treatments": pl.DataFrame({
            "customer_id": PEOPLE, "campaign_id": "spring", "offer_id": ["a", None] * 30,
            "sent_at": datetime(2026, 2, 1), "accepted": [True, False, False] * 20,
        }),
    }  # fmt: skip


def found(tables: dict[str, pl.DataFrame]) -> dict[str, health.Check]:
    """The checks of some tables that are not ok, by name."""
    config = load(environment={}, flags={"run.today": "2026-04-01"})
    store = DuckDBWarehouse()
    try:
        for name, frame in tables.items():
            store.append(name, frame)
        checks = health.checks(health.Facts(store, config), config)
    finally:
        store.close()
    assert [health.LEVELS.index(check.level) for check in checks] == sorted(
        health.LEVELS.index(check.level) for check in checks
    )
    return {check.name: check for check in checks if check.level != health.OK}


def test_nothing_is_found_where_nothing_is_wrong():
    assert found(frames()) == {}


def test_an_empty_workspace_has_no_checks():
    assert found({}) == {}


def replaced(table: str, **columns: pl.Expr) -> dict[str, pl.DataFrame]:
    """The tables with some columns of one changed."""
    return {**frames(), table: frames()[table].with_columns(**columns)}


def without(table: str, condition: pl.Expr) -> dict[str, pl.DataFrame]:
    """The tables without some rows of one."""
    return {**frames(), table: frames()[table].filter(~condition)}


FAULTS = {
    "days_without_records": without("pair_days", pl.col("day") == FIRST + timedelta(days=3)),
    "busiest_party": replaced("pair_days", n_calls=pl.when(pl.col("src") == 7).then(20).otherwise(1).cast(pl.Int64)),
    "talk": replaced("pair_days", talk_s=pl.lit(0, pl.Int64)),
    "customers_in_records": replaced("parties", party_id=pl.col("party_id") + "x"),
    "ages_unknown": replaced("customers", age=pl.lit(None, pl.Int32)),
    "photos_of_nobody": replaced("photos", customer_id=pl.col("customer_id") + "x"),
    "treatments_of_nobody": replaced("treatments", customer_id=pl.col("customer_id") + "x"),
    "offers_never_sent": replaced("offers", offer_id=pl.lit("b")),
    "offers_unknown": replaced("treatments", offer_id=pl.when(pl.col("offer_id") == "a").then(pl.lit("A"))),
    "offers_over": replaced("offers", valid_to=pl.lit(date(2026, 3, 31))),
    "campaigns_without_control": replaced("treatments", offer_id=pl.lit("a")),
    "acceptance": replaced("treatments", accepted=pl.lit(False)),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_with_its_remedy(name):
    check = found(FAULTS[name]).get(name)
    assert check is not None and check.remedy and check.tables


def test_an_import_asks_only_the_tables_it_is_about():
    config, asked = load(environment={}, flags={"run.today": "2026-04-01"}), []
    store = DuckDBWarehouse()
    query = store.query
    store.query = lambda statement, **params: asked.append(statement) or query(statement, **params)
    try:
        health.checks(health.Facts(store, config), config, {"optouts"})
        assert set(asked) == {"report/sources", "report/rejects"}
        health.checks(health.Facts(store, config), config, {"offers"})
        assert set(asked) == {"report/sources", "report/rejects", "health/offers", "health/campaigns"}
    finally:
        store.close()


@given(st.sets(st.integers(0, 40), min_size=1))
def test_the_missing_days_are_those_between_the_first_and_the_last(days):
    frame = pl.DataFrame({"day": [FIRST + timedelta(days=n) for n in sorted(days)]})
    expected = [FIRST + timedelta(days=n) for n in range(min(days), max(days)) if n not in days]
    assert health.missing_days(frame) == expected


@pytest.fixture
def space(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setenv("KINDRED_KEYS", str(tmp_path / "keys"))
    engine.create(tmp_path / "w")
    return tmp_path / "w"


def call(*words: object) -> object:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done


def everything(space: Path) -> dict[Path, bytes]:
    """Every file of a workspace but its log of who did what, and its lock."""
    return {
        path: path.read_bytes()
        for path in space.rglob("*")
        if path.is_file() and path.name not in ("audit.jsonl", "audit.head", "audit.reserve", ".lock")
    }


@pytest.mark.parametrize("target", ["customers", "logs"])
def test_a_preview_says_what_an_import_would_and_stores_nothing(space, tmp_path, target):
    file = tmp_path / "in.csv"
    file.write_text({
        "customers": "customer_id,age\nA,30\nB,x\nC,\n",
        "logs": "caller,callee,started_at,duration_s\n"
        "A,B,2026-03-01 10:00:00,60\nB,A,then,60\nA,B,2026-03-01 10:00:00,60\n",
    }[target])  # fmt: skip
    call("import", "devices", _devices(tmp_path), "-w", space)
    before = everything(space)
    tried = call("import", target, file, "--preview", "-o", "json", "-w", space)
    assert everything(space) == before
    done = call("import", target, file, "-o", "json", "-w", space)
    assert json.loads(tried.stdout) == json.loads(done.stdout)
    assert "nothing was stored" in tried.stderr and "nothing was stored" not in done.stderr


def _devices(folder: Path) -> Path:
    path = folder / "devices.csv"
    path.write_text("tac,manufacturer,model\n35332811,Acme,One\n")
    return path


def test_status_and_the_page_repeat_what_looks_wrong(space, tmp_path):
    for target, rows in (("customers", "customer_id,age\nA,30\nB,\n"), ("photos", None)):
        if rows:
            (tmp_path / f"{target}.csv").write_text(rows)
            told = call("import", target, tmp_path / f"{target}.csv", "-w", space)
            assert "neither age nor birth date" in told.stderr
    status = json.loads(call("status", "-o", "json", "-w", space).stdout)
    assert any("count as minors" in line for line in status["warnings"])
    call("report", "data", "--to", tmp_path / "data.html", "--json", tmp_path / "data.json", "-w", space)
    page, figures = (tmp_path / "data.html").read_text(), json.loads((tmp_path / "data.json").read_text())
    assert figures["warned"] == len(status["warnings"]) == 1
    assert figures["checks"][0]["found"] in page and "Internal" in page


def test_an_import_shows_which_column_became_what(space, tmp_path):
    (tmp_path / "m.toml").write_text(
        'name = "mine"\n[columns]\ncaller = "A"\ncallee = "B"\nstarted_at = "When"\n'
        'duration_s = { sql = "secs / 10" }\n'
        '[time]\nformats = ["%d.%m.%Y %H:%M"]\ntimezone = "Europe/Budapest"\n'
    )
    (tmp_path / "calls.csv").write_text(
        "When,A,B,secs\n01.07.2026 10:00,+36201234567,+36301234567,650\nlater,+36201234567,+36301234567,10\n"
    )
    done = call("import", "logs", tmp_path / "calls.csv", "--mapping", tmp_path / "m.toml", "-o", "json", "-w", space)
    [told] = json.loads(done.stdout)
    columns = {column["ours"]: column for column in told["columns"]}
    assert columns["caller"]["before"] == ["+99999999999"] * 2 and columns["caller"]["theirs"] == "A"
    assert columns["started_at"]["before"] == ["01.07.2026 10:00", "later"]
    assert columns["started_at"]["after"] == ["2026-07-01 08:00:00", "unreadable_time"]
    assert (columns["duration_s"]["theirs"], columns["duration_s"]["after"][0]) == ("secs / 10", "65")
    assert told["covers"].startswith("2026-07-01 10:00 to 2026-07-01 10:00 Europe/Budapest: 1 calls")
    assert told["days"].startswith("days begin by Europe/Budapest from now on")
    assert (
        "36201234567" not in done.output and "started_at = When: 01.07.2026 10:00; later -> 2026-07-01" in done.stderr
    )
    (tmp_path / "crm.csv").write_text("customer_id,age,plan\n+36201234567,30,gold\n+36201234568,x,gold\n")
    [told] = json.loads(call("import", "customers", tmp_path / "crm.csv", "-o", "json", "-w", space).stdout)
    columns = {column["ours"]: (column["before"], column["after"]) for column in told["columns"]}
    assert columns["age"] == (["30", "x"], ["30", ""]) and columns["customer_id"][0] == ["+99999999999"] * 2
