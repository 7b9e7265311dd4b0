"""Both engines begin days by the workspace's time zone, and move them when it changes."""

from __future__ import annotations

from datetime import date

import pytest

import engine
from engine import config_file
from tests.warehouse.compare import same, same_tables
from tests.warehouse.conftest import opened

pytestmark = pytest.mark.spark
HEADER = "caller,callee,started_at,duration_s,caller_tac\n"
# Around the 23 hours of 2026-03-29 and the 25 of 2026-10-25 in Budapest, by its clock.
MOMENTS = [
    "2026-03-29 00:10:00", "2026-03-29 23:50:00", "2026-03-30 00:10:00", "2026-10-25 00:10:00", "2026-10-25 23:50:00",
    "2026-10-26 00:10:00",
]  # fmt: skip


def imported(folder, name: str):
    space = opened(engine.create(folder / name).path, name)
    calls = folder / "calls.csv"
    calls.write_text(HEADER + "".join(f"a1,b1,{at},60,35000001\n" for at in MOMENTS))
    engine.import_logs(space, [calls], options={"timezone": "Europe/Budapest"})
    sums = folder / "sums.csv"
    sums.write_text("source,target,calls\na1,c1,4\n")
    engine.import_logs(space, [sums], format="edge-list", options={"epoch": date(2026, 3, 29)})
    return space


def test_days_are_the_same_by_both_engines(tmp_path):
    spaces = [imported(tmp_path, name) for name in ("duckdb", "spark")]
    assert same_tables(*spaces, tables=("events", "pair_days", "repeats"))["pair_days"] == 5
    for space in spaces:
        config_file.set_value(space.path / "kindred.toml", "logs.time_zone", "America/New_York")
    moved = [opened(space.path, space.config.warehouse.engine) for space in spaces]
    assert same_tables(*moved, tables=("events", "pair_days", "repeats"))["pair_days"] == 5
    with moved[0].warehouse(read_only=True) as one, moved[1].warehouse(read_only=True) as other:
        for statement in ("report/traffic", "offers/handset_days", "graph/log_span"):
            found = [store.query(statement) for store in (one, other)]
            same(*(frame.sort(frame.columns) for frame in found), statement)
        days = one.read("pair_days").filter(n_calls=4)["day"].to_list()
    assert days == [date(2026, 3, 29)] and all("America/New_York now" in space.notices[0] for space in moved)
