"""Exported tables read back as what the workspace holds, in every format."""

from __future__ import annotations

import csv
import io
import json
import os
from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import engine
from engine import formulas
from engine.errors import InputError, WorkspaceError
from engine.export import export, rows
from engine.export.form import Form
from engine.tables import BOOKKEEPING, TABLES
from engine.warehouse.duckdb import DuckDBWarehouse
from tests.ads import ads_data


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    os.environ["KINDRED_KEYS"] = str(tmp_path_factory.getbasetemp() / "keys")
    space = ads_data.make(tmp_path_factory.mktemp("space") / "ws")
    ads_data.run(space)
    return space


def read_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_parquet_is_what_the_workspace_holds(space, tmp_path):
    export(space, "all", tmp_path / "out")
    with space.warehouse(read_only=True) as store:
        for table in set(TABLES) - set(BOOKKEEPING) - {"ads"}:
            found = pl.read_parquet(tmp_path / "out" / f"{table}.parquet")
            kept = store.read(table)
            if table == "rejects":  # the export also names each row's file
                found = found.drop("file")
            times = [n for n, kind in kept.schema.items() if kind == pl.Datetime]
            assert all(found.schema[n].time_zone == "UTC" for n in times)
            assert found.equals(kept.with_columns(pl.col(n).dt.replace_time_zone("UTC") for n in times)), table


def test_all_leaves_out_only_the_bookkeeping(space, tmp_path):
    done = export(space, "all", tmp_path / "out", "jsonl")
    tables = {f["table"] for f in done.files if "table" in f}
    assert tables == set(TABLES) - set(BOOKKEEPING)
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert set(manifest["tables"]) == tables
    assert manifest["tables"]["choices"]["rows"] == 6
    names = [c["name"] for c in manifest["tables"]["customers"]["columns"]]
    assert names == ["customer_id", "age", "residence", "gender", "birth_date", "tariff"]


@pytest.mark.parametrize("format", ["parquet", "csv", "jsonl"])
def test_the_same_workspace_gives_the_same_bytes(space, tmp_path, format):
    one = export(space, "all", tmp_path / "one", format)
    export(space, "all", tmp_path / "two", format)
    for entry in one.files:
        assert (tmp_path / "one" / entry["path"]).read_bytes() == (tmp_path / "two" / entry["path"]).read_bytes()
    assert (tmp_path / "one/manifest.json").read_bytes() == (tmp_path / "two/manifest.json").read_bytes()


def test_csv_neither_runs_formulas_nor_loses_columns(space, tmp_path):
    export(space, "customers", tmp_path / "out", "csv")
    assert read_csv(tmp_path / "out/customers.csv")[0] == {
        "customer_id": "c000", "age": "40", "residence": "", "gender": "", "birth_date": "", "tariff": "'=1+1",
    }  # fmt: skip


def test_raw_csv_is_as_it_came_and_a_column_is_no_formula_either(space, tmp_path):
    (tmp_path / "more.csv").write_text("customer_id,=1+1,@x,tariff\nc000,＝1,-2,+a\n")
    engine.import_table(space, "customers", tmp_path / "more.csv")
    row = {"=1+1": "＝1", "@x": "-2.0", "tariff": "+a"}
    export(space, "customers", tmp_path / "raw", "csv", raw=True)
    assert read_csv(tmp_path / "raw/customers.csv")[0].items() >= row.items()
    export(space, "customers", tmp_path / "out", "csv")
    defused = {"'=1+1": "'＝1", "'@x": "-2.0", "tariff": "'+a"}
    assert read_csv(tmp_path / "out/customers.csv")[0].items() >= defused.items()


def test_times_are_iso_with_z(space, tmp_path):
    export(space, "consents", tmp_path / "csv", "csv")
    export(space, "consents", tmp_path / "jsonl", "jsonl")
    assert read_csv(tmp_path / "csv/consents.csv")[0]["granted_at"] == "2020-01-01T00:00:00.000000Z"
    line = json.loads((tmp_path / "jsonl/consents.jsonl").read_text().splitlines()[0])
    assert datetime.fromisoformat(line["granted_at"]).tzinfo is not None


def test_lists_in_csv_are_json(space, tmp_path):
    export(space, "faces", tmp_path / "out", "csv")
    row = read_csv(tmp_path / "out/faces.csv")[0]
    assert len(json.loads(row["box"])) == 4 and row["embedding"] == ""


text = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=12)
numbers = st.none() | st.integers(-(2**31), 2**31 - 1)
days = st.none() | st.dates(date(1900, 1, 1))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(st.tuples(text, st.none() | text, numbers, days), max_size=8, unique_by=lambda r: r[0]))
def test_any_text_survives_csv_and_jsonl(values):
    """Oracle: Python's own csv and json readers."""
    frame = pl.DataFrame(values, schema={"a": pl.String, "b": pl.String, "n": pl.Int32, "d": pl.Date}, orient="row")
    lines, cells = io.BytesIO(), io.BytesIO()
    assert rows.write(lines, iter([frame.to_arrow()]), Form("jsonl")) == frame.height
    rows.write(cells, iter([frame.to_arrow()]), Form("csv"))
    back = [json.loads(line) for line in lines.getvalue().decode().split("\n") if line]
    assert back == [{"a": a, "b": b, "n": n, "d": None if d is None else d.isoformat()} for a, b, n, d in values]
    read = list(csv.reader(io.StringIO(cells.getvalue().decode(), newline="")))[1:]
    for cell, (a, b, n, _) in zip(read, values, strict=True):
        for found, wanted in ((cell[0], a), (cell[1], b or "")):
            assert found == formulas.defuse(wanted)
        assert cell[2] == ("" if n is None else str(n))


def test_batches_are_cut_to_a_fixed_size_in_order():
    store = DuckDBWarehouse()
    found = store.batches("SELECT i FROM range(250000) t(i) ORDER BY i", {}, rows=70_000, name="numbers")
    sizes, seen = [], []
    for table in rows.batches(found, 70_000):
        sizes.append(table.num_rows)
        seen += table["i"].to_pylist()
    assert sizes == [70_000, 70_000, 70_000, 40_000] and seen == list(range(250_000))
    none = store.batches("SELECT 1 AS i WHERE false", {}, rows=10, name="none")
    assert [t.num_rows for t in rows.batches(none, 10)] == [0]


def test_unknown_table_and_format(space, tmp_path):
    with pytest.raises(InputError, match=r"no table 'influencer' to export.*'influencers'"):
        export(space, "influencer", tmp_path / "out")
    with pytest.raises(InputError, match=r"no format 'ods'.*parquet, csv, jsonl, arrow, xlsx"):
        export(space, "ads", tmp_path / "out", "ods")
    assert not (tmp_path / "out").exists()


def test_a_missing_creative_is_named_and_nothing_is_written(tmp_path):
    space = ads_data.make(tmp_path / "ws", customers=2)
    ads = ads_data.run(space)
    (space.ads / ads["files"][0][0]).unlink()
    with pytest.raises(WorkspaceError, match=ads["files"][0][0]):
        export(space, "ads", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_ads_come_with_manifest_table_creatives_and_gallery(space, tmp_path):
    export(space, "ads", tmp_path / "out")
    lines = [json.loads(line) for line in (tmp_path / "out/manifest.jsonl").read_text().splitlines()]
    assert len(lines) == 18 == pl.read_parquet(tmp_path / "out/ads.parquet").height
    for line in lines:
        assert all((tmp_path / "out" / name).is_file() for name in line["files"])
    assert (tmp_path / "out/gallery.html").is_file() and (tmp_path / "out/_SUCCESS").is_file()


def test_the_manifest_never_names_the_contact(space, tmp_path):
    export(space, "ads", tmp_path / "out")
    for line in (tmp_path / "out/manifest.jsonl").read_text().splitlines():
        assert ads_data.named(line) == {json.loads(line)["customer_id"]}
