"""Days begin by the workspace's time zone: against a plain model with Python's own time zones."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from engine import clock
from engine.config import Config, Logs
from engine.errors import ConfigError
from engine.logs import days, undo
from engine.logs.importer import import_logs
from engine.warehouse.duckdb import DuckDBWarehouse

KEY = bytes(range(32))
# Summer time from 1 and from 7 UTC, from midnight, ending over midnight (St. John's, to 2011), of half an hour (Lord
# Howe); a day that is left out (Apia), a month without summer time (Casablanca), none (Kolkata), UTC.
ZONES = (
    "Europe/Budapest", "America/New_York", "America/Sao_Paulo", "America/St_Johns", "Australia/Lord_Howe",
    "Pacific/Apia", "Africa/Casablanca", "Asia/Kolkata", "UTC",
)  # fmt: skip
SUMS_DAY = date(2010, 11, 7)


def begins(day: date, zone: str) -> datetime:
    """The moment (UTC) at which a day begins by Python's time zones."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None)


def day_of(moment: datetime, zone: str) -> date:
    """The last day that has begun at a moment."""
    days_near = [moment.date() + timedelta(days=n) for n in range(-3, 4)]
    return max(day for day in days_near if begins(day, zone) <= moment)


def around(zone: str, chance: random.Random) -> datetime:
    """A moment near one of the zone's changes, or near a midnight."""
    changes = [at for at, _ in clock.of(zone).changes if 631152000 < at < 1893456000]  # 1990 to 2030
    if changes and chance.random() < 0.7:
        near = datetime(1970, 1, 1) + timedelta(seconds=chance.choice(changes))
    else:
        near = begins(date(2010, 1, 1) + timedelta(days=chance.randrange(5000)), zone)
    return near + timedelta(minutes=chance.randrange(-1600, 1600))


@pytest.mark.parametrize("zone", ZONES)
def test_the_clock_is_that_of_python(zone):
    chance, read = random.Random(zone), clock.of(zone)
    store = DuckDBWarehouse()
    store.set_clock(read)
    assert clock.read(read.text()) == read
    moments = [around(zone, chance) for _ in range(60)]
    for at, _ in read.changes[-250:]:
        moments += [
            datetime(1970, 1, 1) + timedelta(seconds=at + past) for past in (-1, 0, 1800) if 0 < at < 1893456000
        ]
    store.keep("moments", pl.DataFrame({"at": moments}))
    told = store.query_text('SELECT "at", local_day("at") AS day FROM moments')
    assert told.height > 60 or not read.changes
    for (moment, found), shown in zip(told.iter_rows(), read.shown(told["at"]), strict=True):
        day = day_of(moment, zone)
        assert found == read.day(moment) == shown.date() == day, moment
        assert read.start(day) == begins(day, zone), day
    store.close()


@pytest.mark.parametrize("zone", ["Europe/Budapest", "America/St_Johns"])
def test_a_day_has_23_to_25_hours(zone):
    hours = {
        (begins(date(2010, 1, 1) + timedelta(days=n + 1), zone) - begins(date(2010, 1, 1) + timedelta(days=n), zone))
        for n in range(365)
    }
    read = clock.of(zone)
    found = {read.start(date(2010, 1, 2) + timedelta(days=n)) - read.start(date(2010, 1, 1) + timedelta(days=n))
             for n in range(365)}  # fmt: skip
    assert found == hours == {timedelta(hours=n) for n in (23, 24, 25)}


def test_by_utc_statements_are_as_they_were():
    assert clock.UTC.day_sql("x") == "CAST(x AS DATE)"


def write(path: Path, rows: set[tuple[str, str, datetime, int]]) -> Path:
    lines = [f"{a},{b},{at.isoformat()},{talk}" for a, b, at, talk in sorted(rows)]
    path.write_text("\n".join(["caller,callee,started_at,duration_s", *lines]) + "\n")
    return path


def summed(path: Path) -> Path:
    path.write_text("source,target,calls\na1,b1,3\na2,b2,1\n")
    return path


def load(store, path: Path, **more):
    return import_logs(store, [path], config=Config(), key=KEY, **more)[0]


def sums(store) -> Counter:
    """`pair_days` by people's names: (calls, seconds) of each pair and day."""
    names = dict(store.read("parties").select("node", "party_id").iter_rows())
    rows = store.read("pair_days").select("src", "dst", "day", "n_calls", "talk_s").iter_rows()
    return {(names[src], names[dst], day): (calls, talk) for src, dst, day, calls, talk in rows}


def meant(rows: set[tuple[str, str, datetime, int]], zone: str, extra: dict | None = None) -> dict:
    """What `sums` should be."""
    calls, talk = Counter(), Counter()
    for a, b, at, seconds in rows:
        key = (a, b, day_of(at, zone))
        calls[key] += 1
        talk[key] += seconds
    for key, n in (extra or {}).items():
        calls[key] += n
    return {key: (n, talk[key]) for key, n in calls.items()}


SUMS = {("a1", "b1", SUMS_DAY): 3, ("a2", "b2", SUMS_DAY): 1}


@settings(
    max_examples=6, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(st.data())
def test_sums_are_those_of_a_plain_model(tmp_path_factory, data):
    """Files, sums, undos and changes of the zone in any order leave the sums of the calls that are there."""
    folder, chance = tmp_path_factory.mktemp("days"), random.Random(data.draw(st.integers(0, 10**6)))
    zone, other = data.draw(st.sampled_from(ZONES)), data.draw(st.sampled_from(ZONES))
    # Nobody is called twice within an hour of the same pair: no second legs; some rows stand in several files.
    moments = sorted({around(chance.choice([zone, other]), chance).replace(minute=n) for n in range(30)})
    pool = [(f"a{n % 3}", f"b{n % 4}", at, 7 * n) for n, at in enumerate(moments)]
    files = [set(chance.sample(pool, chance.randrange(1, len(pool)))) for _ in range(3)]
    steps = data.draw(st.permutations(["0", "1", "2", "sums", "zone", "other", "undo"]))
    store, there, came, extra, now = DuckDBWarehouse(), {}, {}, {}, "UTC"
    for step in steps:
        if step.isdigit():
            came[step] = load(store, write(folder / f"{step}.csv", files[int(step)])).source_id
            there[step] = files[int(step)]
        elif step == "sums":
            load(store, summed(folder / "sums.csv"), format="edge-list", options={"epoch": SUMS_DAY})
            extra = SUMS
        elif step == "undo" and came:
            gone = data.draw(st.sampled_from(sorted(came)))
            with store.transaction():
                undo.take_out(store, [came.pop(gone)], Logs())
            del there[gone]
        elif step in ("zone", "other"):
            now = zone if step == "zone" else other
            days.move(store, clock.of(now))
        assert sums(store) == meant(set().union(*there.values()), now, extra), (step, now)
        if extra:
            at = store.query_text("SELECT DISTINCT started_at FROM events WHERE caller IN (SELECT node FROM parties "
                                  "WHERE party_id = 'a1') ORDER BY 1")["started_at"].to_list()  # fmt: skip
            assert begins(SUMS_DAY, now) in at
    store.close()


def test_what_a_purge_left_keeps_its_day(tmp_path):
    """Sums without their calls stay; the calls that are there leave and come, there and back."""
    store = DuckDBWarehouse()
    rows = {("a1", "b1", datetime(2026, 5, 31, 12), 5), ("a1", "b1", datetime(2026, 6, 1, 2), 7)}
    load(store, write(tmp_path / "calls.csv", rows))
    store.execute("trust/purge_events", before=datetime(2026, 6, 1))
    for zone, wanted in (
        ("America/New_York", {("a1", "b1", date(2026, 5, 31)): (2, 12)}),
        ("Asia/Kolkata", {("a1", "b1", date(2026, 5, 31)): (1, 5), ("a1", "b1", date(2026, 6, 1)): (1, 7)}),
        ("UTC", {("a1", "b1", date(2026, 5, 31)): (1, 5), ("a1", "b1", date(2026, 6, 1)): (1, 7)}),
    ):
        days.move(store, clock.of(zone))
        assert sums(store) == wanted
    store.close()


def test_statements_ask_the_clock(tmp_path):
    """The last and first day of the log, traffic by day, handsets by day, and whose calls lie in a window."""
    store, zone = DuckDBWarehouse(), "America/New_York"
    store.set_clock(clock.of(zone))
    moments = [
        datetime(2026, 3, 8, 4, 59),
        datetime(2026, 3, 8, 5),
        datetime(2026, 3, 9, 3, 59),
        datetime(2026, 3, 9, 4),
    ]
    path = tmp_path / "calls.csv"
    lines = [f"a1,b1,{at.isoformat()},60,35000001" for at in moments]
    path.write_text("\n".join(["caller,callee,started_at,duration_s,caller_tac", *lines]) + "\n")
    load(store, path)
    store.execute_text("UPDATE parties SET is_customer = true")
    wanted = Counter(day_of(at, zone) for at in moments)
    assert sorted(wanted.values()) == [1, 1, 2]
    assert dict(store.query("report/traffic").select("day", "calls").iter_rows()) == wanted
    seen = store.query("offers/handset_days").select("day", "n_events")
    assert dict(seen.iter_rows()) == wanted
    assert store.query("graph/log_span").row(0) == (min(wanted), max(wanted))
    assert store.query("graph/as_of")["as_of"].item() == max(wanted) + timedelta(days=1)
    since, until = (begins(date(2026, 3, n), zone) for n in (8, 9))
    usage = store.query("offers/usage", since=since, until=until, as_of=date(2026, 3, 9))
    assert set(usage["calls_out_a_day"]) | set(usage["calls_in_a_day"]) == {0.0, 2.0}
    store.close()


def test_a_time_zone_that_is_none_is_refused_with_near_names():
    for wrong, near in (
        ("Europe/Budapset", "Europe/Budapest"),
        ("new york", "America/New_York"),
        ("Lima", "America/Lima"),
    ):
        with pytest.raises(ConfigError, match="is not a time zone") as error:
            clock.of(wrong)
        assert near in str(error.value)
