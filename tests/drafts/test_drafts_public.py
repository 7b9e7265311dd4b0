"""Drafts of what exchanges, bills and apps write: by the draft alone the true rows come in, or none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine import forms
from engine.config import Config, Ids
from engine.drafts import records, tables
from engine.drafts import sheet as sheets
from engine.drafts.draft import toml
from engine.errors import EngineError
from engine.intake.importer import import_table
from engine.logs.importer import import_logs
from engine.warehouse.duckdb import DuckDBWarehouse
from tests.drafts import layouts_public, layouts_tables, layouts_taught

_CONFIG = Config(ids=Ids(pseudonymise="none"))
# Of these a careful person knows more than the draft; they are refused.
_REFUSED = {"mitel_micollab", "ru_detalizaciya"}


def drafted(path: Path, table: str = "logs") -> str:
    """The draft as a mapping, without the reading that `kindred logs guess` does with it: the test reads it itself."""
    with forms.plain(path, folder=path.parent) as form:
        sheet = sheets.sheet(form)
    return toml(records.draft(sheet, path) if table == "logs" else tables.draft(sheet, table), [])


def digits(text: str | None) -> str:
    return re.sub(r"\D", "", text or "")


@pytest.mark.parametrize("layout", [*layouts_public.every(), *layouts_taught.every()], ids=lambda layout: layout.name)
def test_call_records_come_in_right_or_not_at_all(tmp_path, layout):
    path, own = tmp_path / layout.file, tmp_path / "own.toml"
    path.write_bytes(layout.text if isinstance(layout.text, bytes) else layout.text.encode())
    own.write_text(drafted(path), encoding="utf-8")
    store = DuckDBWarehouse()
    try:
        if layout.refused or layout.name in _REFUSED:
            with pytest.raises(EngineError):
                import_logs(store, [path], mapping=own, config=_CONFIG, key=bytes(32))
            return
        import_logs(store, [path], mapping=own, config=_CONFIG, key=bytes(32))
        ids = dict(store.read("parties").select("node", "party_id").iter_rows())
        rows = [
            (digits(ids[e["caller"]]), f"{e['volume_mb'] or 0:.3f}", e["started_at"], 0, "data")
            if e["kind"] == "data"
            else (digits(ids[e["caller"]]), digits(ids[e["callee"]]), e["started_at"], e["duration_s"], e["kind"])
            for e in store.read("events").to_dicts()
        ]
    finally:
        store.close()
    assert sorted(rows) == sorted(layout.rows), own.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", layouts_tables.every(), ids=lambda case: case.name)
def test_tables_come_in_right_or_not_at_all(tmp_path, case):
    path, own = tmp_path / "x.csv", tmp_path / "own.toml"
    path.write_text(case.text, encoding="utf-8")
    own.write_text(drafted(path, case.table), encoding="utf-8")
    store = DuckDBWarehouse()
    try:
        if case.rows is None:
            with pytest.raises(EngineError, match="still to be decided"):
                import_table(store, case.table, path, mapping=own, faces_folder=tmp_path, config=_CONFIG, key=bytes(32))
            return
        import_table(store, case.table, path, mapping=own, faces_folder=tmp_path, config=_CONFIG, key=bytes(32))
        key = "offer_id" if case.table == "offers" else "customer_id"
        rows = sorted(store.read(case.table).to_dicts(), key=lambda row: row[key])
    finally:
        store.close()
    assert [{column: row[column] for column in case.rows[0]} for row in rows] == list(case.rows)


def test_a_second_day_of_birth_is_no_feature(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(
        "customer_id,birth_date,Date_of_birth,dob\n1,1980-10-12,1980-10-13,1980\n2,1975-01-31,1975-01-30,1975\n"
    )
    store = DuckDBWarehouse()
    try:
        done = import_table(store, "customers", path, faces_folder=tmp_path, config=_CONFIG, key=bytes(32))
        assert not {"date_of_birth", "dob"} & set(store.read("customers").columns)
        assert "date_of_birth" in str(done.details)
    finally:
        store.close()
