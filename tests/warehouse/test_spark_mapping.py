"""A mapping gives the same by both engines: the rows of an import, and expressions translated as text."""

from __future__ import annotations

import math
import shutil

import duckdb
import polars as pl
import pytest

from engine.intake.expressions import Signs, made
from engine.warehouse.dialect import translated
from tests.warehouse.compare import same_tables
from tests.warehouse.conftest import opened

pytestmark = pytest.mark.spark

LOG = "from,to,day,time,end,up,leg\n" + "".join(
    f"+3630111{i:04},+3630222{i % 7:04},0{1 + i % 9}.03.2026,10:{i:02}:00,0{1 + i % 9}.03.2026 10:{i:02}:{i:02},"
    f'"{"x" if i == 5 else i},5",{"B" if i % 11 == 3 else "A"}\n'
    for i in range(1, 60)
)
SAID = """
[columns]
caller = "from"
callee = { sql = "replace(\\"to\\", '+', '00')" }
started_at = { sql = "day || ' ' || time" }
duration_s = { sql = "date_diff('second', day || ' ' || time, \\"end\\") + up * 2" }
answered = { sql = "NOT up BETWEEN 10 AND 11" }
[time]
formats = ["%d.%m.%Y %H:%M:%S"]
timezone = "Europe/Budapest"
[numbers]
decimal = ","
[rows]
where = "leg = 'A'"
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with two empty workspaces of one key."""
    import engine

    folder = tmp_path_factory.mktemp("mapped")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KINDRED_KEYS", str(tmp_path_factory.getbasetemp() / "keys"))
        engine.create(folder / "duckdb")
    shutil.copytree(folder / "duckdb", folder / "spark")
    return folder


def test_an_import_by_a_mapping_is_the_same(home, tmp_path):
    import engine

    (tmp_path / "log.csv").write_text(LOG)
    (tmp_path / "m.toml").write_text(SAID)
    done = []
    for name in ("duckdb", "spark"):
        space = opened(home / name, name)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("engine.logs.pieces.SIZE", 900)
            done.append(engine.import_logs(space, [tmp_path / "log.csv"], mapping=tmp_path / "m.toml")[0])
    assert done[0] == done[1] and done[0].rows_left_out == 6 and done[0].rows_rejected == 1
    rows = same_tables(*(opened(home / name, name) for name in ("duckdb", "spark")))
    assert rows["events"] == 52


TEXTS = (
    "day || ' ' || time", "(up + down) / 1e6", "up % 7", "-up", "up // 300", "up / (down - down)", "coalesce(down, 7)",
    "greatest(up, 500)", "up > 5", "status = 'ok'", "status IN ('ok', 'x')", "up BETWEEN 1 AND 20", "down IS NULL",
    "CASE status WHEN 'ok' THEN 1 ELSE 0 END", "if(status = 'ok', 'p', 'q')", "date_diff('second', start, stop)",
    "date_diff('hour', start, stop)", "date_diff('month', start, stop)", "epoch(stop)", "hour(start) + minute(start)",
    "date_trunc('day', start) = '2024-01-01'", "start + to_seconds(90) > date_trunc('day', stop)", "upper(status)",
    "length(status)", "trim(status)", "substr(start, 1, 4)", "left(start, 4)", "right(start, 2)",
    "split_part(time, ':', 2)", "lpad(up, 6, '0')", "replace(time, ':', '')", "strpos(time, ':')",
    "contains(status, 'o')",
    "starts_with(status, 'o')", "status LIKE 'o%'", "regexp_matches(time, '^1[0-9]')", "concat(status, down)",
    "abs(-up)",
    "round(up / 7, 2)", "floor(up / 7)", "'' || up * 2", "nullif(status, 'ok')", "to_timestamp(up * 0) = '1970-01-01'",
)  # fmt: skip


def test_expressions_translated_as_text_are_the_same(home):
    rows = pl.DataFrame(
        [
            ("2024-01-01", "10:00:00", "2024-01-01 10:00:00", "2024-03-01 10:01:05.500", "1000", "900", "ok"),
            ("2024-01-02", "11:00", "soon", "2024-01-01 10:01:05", "12a", None, " NO"),
        ],
        schema=["day", "time", "start", "stop", "up", "down", "status"],
        orient="row",
    )
    names = rows.columns
    query = ", ".join(f"{made(text, names, Signs()).sql} AS x{i}" for i, text in enumerate(TEXTS))
    with duckdb.connect() as connection:
        connection.register("mapped_rows", rows.to_arrow())
        one = connection.sql(f"SELECT {query} FROM mapped_rows").fetchall()  # noqa: S608
    with opened(home / "spark", "spark").warehouse() as store:
        frame = store.spark.createDataFrame(rows.rows(), schema=", ".join(f"{name} string" for name in names))
        frame.createOrReplaceTempView("mapped_rows")
        other = store.spark.sql(translated(f"SELECT {query} FROM mapped_rows").sql).collect()  # noqa: S608
    for line, beside in zip(one, other, strict=True):
        for text, a, b in zip(TEXTS, line, beside, strict=True):
            alike = math.isclose(a, b) if isinstance(a, float) and isinstance(b, float) else a == b
            assert alike, (text, a, b)
