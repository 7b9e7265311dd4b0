"""One table as CSV, workbook, JSON lines, Parquet, SQLite and PostgreSQL: the same bytes in `export all`."""

from __future__ import annotations

import random
import sqlite3
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

import engine
from tests.intake import postgres

COLUMNS = ("caller", "callee", "started_at", "duration_s")
FORMS = ("csv", "xlsx", "jsonl", "parquet", "sqlite", "postgresql")


def table(rows: int = 3000) -> pl.DataFrame:
    """Calls among 200 people, all of it text."""
    draw = random.Random(5)
    people = [f"+3620555{number:04}" for number in range(200)]
    lines = []
    for _ in range(rows):
        at = datetime(2026, 3, 1) + timedelta(seconds=draw.randrange(28 * 86400))
        lines.append((*draw.sample(people, 2), str(at), str(draw.randint(0, 900))))
    return pl.DataFrame(lines, schema=COLUMNS, orient="row")


def exported(folder: Path, form: str, rows: pl.DataFrame, key: str) -> dict[str, str]:
    """What `export all` writes of a workspace that the rows came into in some form."""
    folder.mkdir()
    space = engine.create(folder / "w", ids__key_id=key)
    file, options = folder / f"calls.{form}", {}
    with ExitStack() as stack:
        if form == "csv":
            rows.write_csv(file)
        elif form == "xlsx":
            rows.write_excel(file)
        elif form == "jsonl":
            rows.write_ndjson(file)
        elif form == "parquet":
            rows.with_columns(
                pl.col("started_at").str.to_datetime(), pl.col("duration_s").cast(pl.Int64)
            ).write_parquet(file)
        elif form == "sqlite":
            with sqlite3.connect(file) as book:
                book.execute("CREATE TABLE calls (caller TEXT, callee TEXT, started_at TEXT, duration_s INTEGER)")
                book.executemany("INSERT INTO calls VALUES (?, ?, ?, ?)", rows.iter_rows())
            options = {"database": f"sqlite:///{file}", "sql": "SELECT * FROM calls ORDER BY rowid"}
        else:
            address = stack.enter_context(postgres.running())
            postgres.fill(
                address,
                "CREATE TABLE calls (n serial, caller text, callee text, started_at timestamp, duration_s int)",
                "INSERT INTO calls (caller, callee, started_at, duration_s) VALUES "  # noqa: S608 - invented data
                + ", ".join(f"('{a}', '{b}', '{at}', {talk})" for a, b, at, talk in rows.iter_rows()),
            )
            options = {
                "database": address,
                "sql": "SELECT caller, callee, started_at, duration_s FROM calls ORDER BY n",
            }
        [told] = engine.import_logs(space, [] if options else [file], **options)
    assert (told.rows_in, told.rows_rejected) == (rows.height, 0)
    engine.export_to(space, "all", folder / "out", format="csv")
    files = {
        path.stem: path for path in sorted((folder / "out").rglob("*.csv")) if path.stem not in ("sources", "runs")
    }
    # The id of a source is a hash of its file: of every form another.
    return {
        name: pl.read_csv(path, infer_schema=False).drop("source_id", strict=False).write_csv()
        for name, path in files.items()
        if name not in ("sources", "runs")
    }


def test_every_form_gives_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setenv("KINDRED_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("PGPASSWORD", postgres.PASSWORD)
    rows = table()
    key = engine.create(tmp_path / "first").config.ids.key_id
    known = exported(tmp_path / "csv", "csv", rows, key)
    assert "2026-03-" in known["pair_days"] and "2026-03-" in known["events"]
    for form in FORMS[1:]:
        if form == "postgresql" and postgres.programs() is None:
            pytest.skip("PostgreSQL is not installed; the other forms were equal")
        found = exported(tmp_path / form, form, rows, key)
        assert [name for name in known if found.get(name) != known[name]] == [], form
