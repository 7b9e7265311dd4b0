"""Which time zone a workspace takes, when, and what follows where it is set or changed later."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

import engine
from engine import config_file, runner
from engine.errors import ConfigError
from engine.usecases import erase, imports

CALLS = (
    "caller,callee,started_at,duration_s\na1,b1,2026-03-28 23:30:00{z},60\nb1,a1,2026-03-29 22:30:00{z},60\n"
    "a1,c1,2026-03-29 12:00:00{z},5\n"
)
BY_UTC = [date(2026, 3, 28), date(2026, 3, 29), date(2026, 3, 29)]
BY_BUDAPEST = [date(2026, 3, 29), date(2026, 3, 29), date(2026, 3, 30)]


@pytest.fixture
def space(tmp_path):
    return engine.create(tmp_path / "w")


def days(space) -> list[date]:
    with space.warehouse(read_only=True) as store:
        return sorted(store.read("pair_days")["day"])


def write(folder: Path, name: str = "calls.csv", zone: str = "") -> Path:
    path = folder / name
    path.write_text(CALLS.format(z=zone))
    return path


def test_the_first_file_that_tells_a_time_zone_decides(space, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("caller,callee,started_at,duration_s\na1,b1,2026-04-01 00:30:00,60\n")
    engine.import_logs(space, [write(tmp_path)])
    assert (space.config.logs.time_zone, days(space)) == ("auto", BY_UTC)
    told = engine.import_logs(space, [other], options={"timezone": "Europe/Budapest"})[0]
    assert "days begin by Europe/Budapest from now on" in told.days and "computed anew" in told.days
    assert told.covers.startswith("2026-04-01 00:30 to 2026-04-01 00:30 Europe/Budapest")
    assert space.config.logs.time_zone == "Europe/Budapest" == engine.open(space.path).config.logs.time_zone
    assert days(space) == [*BY_BUDAPEST, date(2026, 4, 1)]
    third = tmp_path / "third.csv"
    third.write_text("caller,callee,started_at,duration_s\na1,b1,2026-04-01 23:30:00,60\n")
    assert not engine.import_logs(space, [third], options={"timezone": "America/New_York"})[0].days
    assert days(space)[-1] == date(2026, 4, 2)


@pytest.mark.parametrize("zone", [" Europe/Budapest", "+02:00[Europe/Budapest]"])
def test_times_that_name_their_zone_decide(space, tmp_path, zone):
    engine.import_logs(space, [write(tmp_path, zone=zone)])
    assert space.config.logs.time_zone == "Europe/Budapest"


def test_a_parquet_column_decides(space, tmp_path):
    rows = pl.read_csv(write(tmp_path), try_parse_dates=True)
    zoned = pl.col("started_at").dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Budapest")
    rows.with_columns(zoned).write_parquet(tmp_path / "calls.parquet")
    engine.import_logs(space, [tmp_path / "calls.parquet"])
    assert (space.config.logs.time_zone, days(space)) == ("Europe/Budapest", BY_BUDAPEST)


@pytest.mark.parametrize("zone", ["", "Z", "+02:00", " UTC", " CET"])
def test_an_offset_is_no_time_zone(space, tmp_path, zone):
    engine.import_logs(space, [write(tmp_path, zone=zone)])
    assert space.config.logs.time_zone == "auto"


def test_an_older_workspace_stays_as_it_is(space, tmp_path):
    settings = space.path / "kindred.toml"
    settings.write_text("".join(line for line in settings.open() if "time_zone" not in line))
    old = engine.open(space.path)
    done = engine.import_logs(old, [write(tmp_path)], options={"timezone": "Asia/Kolkata"})[0]
    assert not done.days and engine.open(space.path).config.logs.time_zone == "UTC"
    with old.warehouse(read_only=True) as store:
        assert "clock" not in store.read("meta")["name"].to_list()
        assert sorted(store.read("pair_days")["day"]) == sorted(store.read("events")["started_at"].dt.date())


def test_a_change_moves_the_sums_and_makes_stages_stale(space, tmp_path):
    engine.import_logs(space, [write(tmp_path)])
    engine.run(space, until="edges")
    before = days(space)
    config_file.set_value(space.path / "kindred.toml", "logs.time_zone", "Europe/Budapest")
    changed = engine.open(space.path)
    with changed.warehouse(read_only=True) as store:
        states = {line["stage"]: line["state"] for line in runner.status(store, changed.config)}
    assert (before, days(changed), states["edges"]) == (BY_UTC, BY_BUDAPEST, "stale")
    assert len(changed.notices) == 1 and "Days begin by Europe/Budapest now, no longer by UTC" in changed.notices[0]
    with changed.warehouse(read_only=True) as store:
        assert store.query("graph/as_of")["as_of"].item() == date(2026, 3, 31)
    config_file.set_value(space.path / "kindred.toml", "logs.time_zone", "UTC")
    assert days(engine.open(space.path)) == BY_UTC


def test_a_purge_takes_the_days_of_the_workspace(tmp_path):
    space = engine.create(tmp_path / "w", logs__time_zone="America/New_York")
    path = tmp_path / "calls.csv"
    moments = ["2026-06-01 03:59:00", "2026-06-01 04:00:00"]
    path.write_text("caller,callee,started_at,duration_s\n" + "".join(f"a1,b1,{at},60\n" for at in moments))
    engine.import_logs(space, [path])
    erase.purge(space, date(2026, 6, 1))
    with space.warehouse(read_only=True) as store:
        assert store.read("events")["started_at"].to_list() == [datetime(2026, 6, 1, 4)]
        assert store.read("pair_days")["day"].to_list() == [date(2026, 6, 1)]


def test_a_later_import_can_be_undone_by_the_days_that_are_then(space, tmp_path):
    """What was added by one clock is taken off by another, after a change in between."""
    first = engine.import_logs(space, [write(tmp_path)])[0].source_id
    other = tmp_path / "other.csv"
    other.write_text("caller,callee,started_at,duration_s\na1,b1,2026-03-28 23:40:00,7\n")
    engine.import_logs(space, [other], options={"timezone": "UTC"})
    config_file.set_value(space.path / "kindred.toml", "logs.time_zone", "Europe/Budapest")
    changed = engine.open(space.path)
    imports.undo(changed, [first])
    with changed.warehouse(read_only=True) as store:
        assert store.read("pair_days").select("day", "n_calls", "talk_s").rows() == [(date(2026, 3, 29), 1, 7)]


def test_a_name_that_is_none_is_refused_where_it_is_set(space):
    with pytest.raises(ConfigError, match=r"'Europe/Budapset' is not a time zone.*Europe/Budapest"):
        config_file.set_value(space.path / "kindred.toml", "logs.time_zone", "Europe/Budapset")
    assert engine.open(space.path).config.logs.time_zone == "auto"
